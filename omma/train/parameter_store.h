// The trained parameters of a module, laid out in one flat tensor: an optimiser step, clipping and averaging are then a handful of
// operators however many parameters there are (a small model spends most of its time on dispatching operators).
#pragma once

#include <string>
#include <vector>

#include "omma/nn/torch.h"
#include "omma/train/recipe.h"

namespace omma {

// Not thread-safe.
class ParameterStore {
 public:
  // Moves the module's parameters into flat storage; those of groups with learning rate 0 stop requiring gradients and stay where
  // they are, as do those that require none. A parameter reached by several names is laid out once, under the first. Throws
  // std::invalid_argument where no parameter is trained, types differ, or a group's pattern fits no name.
  ParameterStore(torch::nn::Module& module, const TrainerConfig& config);

  void zero_gradients() { gradients_.zero_(); }
  std::vector<torch::Tensor> trained() const;                      // as the module holds them
  const torch::Tensor& parameters() const { return parameters_; }  // flat
  // Scales the gradients by `scale`, then down to the recipe's clip norm; returns the norm before clipping.
  double clip_gradients(double scale);
  // One AdamW step (Loshchilov and Hutter 2019) at this learning rate; also moves the average.
  void step(double learning_rate);

  // Exchanges the parameters and their average (EMA); nothing without one.
  void swap_average();

  // Every state tensor with its name: "parameter.X", "mean.X", "square.X", and "average.X" with EMA, as views to copy from or into;
  // of a frozen one "parameter.X" alone.
  std::vector<std::pair<std::string, torch::Tensor>> state() const;
  int64_t steps_taken() const { return steps_taken_; }
  void set_steps_taken(int64_t steps) { steps_taken_ = steps; }
  int64_t size() const { return parameters_.numel(); }

 private:
  struct Entry {
    std::string name;
    torch::Tensor parameter;
    int64_t begin;
  };
  struct Group {
    double learning_rate, weight_decay;
    int64_t begin, end;
  };
  void lay_out(const std::vector<std::pair<std::string, torch::Tensor>>& parameters, double learning_rate, double weight_decay);

  TrainerConfig config_;
  std::vector<Entry> entries_;
  std::vector<Group> groups_;
  std::vector<std::pair<std::string, torch::Tensor>> frozen_;
  torch::Tensor parameters_, gradients_, mean_, square_, average_;  // flat, groups one after another
  int64_t steps_taken_ = 0;
};

}  // namespace omma
