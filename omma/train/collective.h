// Several processes that train one model, each on its part of every batch: c10d (Gloo on CPU, NCCL on CUDA), started by any
// launcher that sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT (torchrun, mpirun with a wrapper, Slurm, Kubernetes).
//
// W processes.
#pragma once

#include <memory>
#include <vector>

#include "omma/nn/torch.h"

namespace omma {

// Averages gradients over all processes while the backward pass still makes them: c10d's Reducer, bucket by bucket (Li et al. 2020,
// "PyTorch Distributed"). A parameter that a process' loss does not reach counts with what it has. Where another process is gone,
// backward() throws.
class GradientReducer {
 public:
  virtual ~GradientReducer() = default;

  // Said before loss.backward() in all processes: when that ends, the gradients are the means of all that has accumulated in each.
  // A backward pass without it only accumulates.
  virtual void expect_backward(const torch::Tensor& loss) = 0;
};

// All processes call the same functions in the same order; each call waits for the others. Not thread-safe. Throws
// std::runtime_error where another process is gone.
class Collective {
 public:
  // Joins the processes that the environment names; null where it names none, or one. Throws std::invalid_argument for variables
  // that are missing or no numbers, std::runtime_error where the others do not come within `minutes`.
  static std::unique_ptr<Collective> from_environment(const torch::Device& device, int minutes = 10);
  virtual ~Collective() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  virtual void sum(torch::Tensor tensor) = 0;                                       // in place, over all processes
  virtual std::vector<torch::Tensor> gather_list(const torch::Tensor& tensor) = 0;  // of every rank, all of one shape
  virtual std::unique_ptr<GradientReducer> reducer(const std::vector<torch::Tensor>& parameters) = 0;  // the same in all processes

  torch::Tensor gather(const torch::Tensor& tensor);                // [B, ...] -> [W B, ...], by rank
  torch::Tensor gather_with_gradient(const torch::Tensor& tensor);  // its gradient is summed over what all ranks make of it
  bool any(bool value);                                             // whether it holds in any process
};

}  // namespace omma
