// A task that trains in microseconds and uses everything a real one does: two parameter groups, a buffer, dropout's random numbers.
#pragma once

#include <fstream>
#include <functional>
#include <limits>
#include <vector>

#include "omma/base/rng.h"
#include "omma/nn/torch.h"
#include "omma/train/training_task.h"

namespace omma::testing {

class LineFitTask : public TrainingTask {
 public:
  LineFitTask() {
    torch::manual_seed(7);
    body_ = torch::nn::Linear(4, 8);
    head_ = torch::nn::Linear(8, 1);
    all_.register_module("body", body_);
    all_.register_module("head", head_);
    seen_ = all_.register_buffer("seen", torch::zeros({1}));
  }

  torch::nn::Module& module() override { return all_; }
  int64_t batch_size() const override { return 16; }

  PreparedStep prepare(int64_t number) const override {
    if (before_prepare) before_prepare(number);
    Rng rng(3, static_cast<std::uint64_t>(number));
    std::vector<float> values(64);
    for (float& value : values) value = static_cast<float>(rng.uniform(-1, 1));
    const torch::Tensor x = torch::tensor(values).view({16, 4});
    return [this, x, number] {
      if (before_step) before_step(number);
      auto* self = const_cast<LineFitTask*>(this);
      self->seen_.add_(1);
      const torch::Tensor hidden = torch::dropout(torch::relu(self->body_(x)), 0.2, self->all_.is_training());
      torch::Tensor loss = (self->head_(hidden) - x.sum(1, true)).square().mean();
      if (number == poisoned_batch) loss = loss * std::numeric_limits<double>::quiet_NaN();
      self->losses.push_back(loss.item<double>());
      return StepLoss{.total = loss, .parts = {{"loss_line", loss.detach()}}};
    };
  }

  json validate() override { return {{"seen", seen_.item<double>()}}; }

  void save_model(const std::filesystem::path& directory) override {
    std::filesystem::create_directories(directory);
    std::ofstream(directory / "weights") << body_->weight.abs().sum().item<double>();
  }

  std::vector<double> losses;  // of every step taken
  int64_t poisoned_batch = -1;
  std::function<void(int64_t)> before_step, before_prepare;

 private:
  torch::nn::Module all_;
  torch::nn::Linear body_ = nullptr, head_ = nullptr;
  torch::Tensor seen_;
};

}  // namespace omma::testing
