// What a Trainer trains: a model, where its batches come from and what they cost. The Trainer knows no more than this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "omma/base/json.h"
#include "omma/nn/torch.h"
#include "omma/train/batch_loader.h"

namespace omma {

class TrainingTask {
 public:
  virtual ~TrainingTask() = default;

  // Everything that learns, and all buffers that a resumed run needs. The same module for the task's whole life.
  virtual torch::nn::Module& module() = 0;

  // Loads, draws and augments batch `number`, which alone decides its contents; called on any thread, several at once. What it
  // returns computes the loss on the training thread, where LibTorch's random numbers are seeded by the number too.
  virtual PreparedStep prepare(int64_t number) const = 0;

  // Samples in a batch, for the rate that is shown.
  virtual int64_t batch_size() const = 0;

  // Figures on held-out data; the module is in evaluation mode and gradients are off.
  virtual json validate() { return json::object(); }

  // What was wrong with the data, in a line; "" where nothing was. Called when all steps are done.
  virtual std::string data_faults() const { return ""; }

  // Writes a model directory that predictors load; the module is in evaluation mode and gradients are off.
  virtual void save_model(const std::filesystem::path& directory) = 0;
};

}  // namespace omma
