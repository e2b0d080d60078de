#include "omma/train/frozen.h"

#include <algorithm>

namespace omma {
namespace {

void freeze_parts(torch::nn::Module& module) {
  for (const auto& child : module.children()) {
    if (is_frozen(*child))
      child->eval();
    else
      freeze_parts(*child);
  }
}

}  // namespace

bool is_frozen(const torch::nn::Module& module) {
  const auto parameters = module.parameters();
  return !parameters.empty() && std::ranges::none_of(parameters, [](const torch::Tensor& each) { return each.requires_grad(); });
}

void train_what_learns(torch::nn::Module& module) {
  module.train();
  freeze_parts(module);
}

torch::Tensor nothing_to_learn(const torch::nn::Module& module) {
  torch::Tensor sum = torch::zeros({}, module.parameters().front().device());
  for (const torch::Tensor& parameter : module.parameters())
    if (parameter.requires_grad()) sum = sum + 0 * parameter.sum();
  return sum;
}

}  // namespace omma
