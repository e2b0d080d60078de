#include "omma/train/parameter_store.h"

#include <algorithm>
#include <map>
#include <set>

namespace omma {

using torch::Tensor;
using Named = std::vector<std::pair<std::string, Tensor>>;

namespace {

// The place among the recipe's groups of the first whose pattern the name contains, else their number.
std::size_t group_of(const std::string& name, const std::vector<ParameterGroupConfig>& groups) {
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (name.find(groups[i].pattern) != std::string::npos) return i;
  return groups.size();
}

std::map<std::size_t, Named> group_parameters(torch::nn::Module& module, const std::vector<ParameterGroupConfig>& groups) {
  std::map<std::size_t, Named> grouped;
  std::set<const void*> seen;
  for (auto& item : module.named_parameters())
    if (seen.insert(item.value().unsafeGetTensorImpl()).second)
      grouped[group_of(item.key(), groups)].emplace_back(item.key(), item.value());
  for (std::size_t i = 0; i < groups.size(); ++i)
    check(grouped.contains(i), "parameter_groups: \"{}\" fits no parameter of the model", groups[i].pattern);
  return grouped;
}

}  // namespace

ParameterStore::ParameterStore(torch::nn::Module& module, const TrainerConfig& config) : config_(config) {
  int64_t count = 0;
  torch::TensorOptions options;
  std::map<std::size_t, Named> grouped = group_parameters(module, config.parameter_groups);
  for (auto& [index, parameters] : grouped) {
    const bool frozen = index < config.parameter_groups.size() && config.parameter_groups[index].learning_rate == 0;
    for (auto& [name, parameter] : parameters) {
      if (frozen) parameter.set_requires_grad(false);
      if (!parameter.requires_grad()) frozen_.emplace_back(name, parameter);
      if (!parameter.requires_grad()) continue;
      if (count == 0) options = parameter.options().requires_grad(false);
      check(parameter.dtype() == options.dtype() && parameter.device() == options.device(),
            "parameter {}: expected the type and device of the others", name);
      count += parameter.numel();
    }
  }
  check(count > 0, "training: the model has no parameter to train");
  parameters_ = torch::empty({count}, options);
  gradients_ = torch::zeros({count}, options);
  mean_ = torch::zeros({count}, options);
  square_ = torch::zeros({count}, options);
  for (const auto& [index, parameters] : grouped) {
    const bool named = index < config.parameter_groups.size();
    const ParameterGroupConfig group = named ? config.parameter_groups[index] : ParameterGroupConfig{};
    if (group.learning_rate > 0) lay_out(parameters, group.learning_rate, group.weight_decay);
  }
  if (config.ema_decay > 0) average_ = parameters_.clone();
}

void ParameterStore::lay_out(const Named& parameters, double learning_rate, double weight_decay) {
  torch::NoGradGuard no_grad;
  int64_t at = groups_.empty() ? 0 : groups_.back().end;
  groups_.push_back({learning_rate, weight_decay, at, at});
  for (const auto& [name, parameter] : parameters) {
    if (!parameter.requires_grad()) continue;
    Tensor kept = parameter;
    const auto place = [&](const Tensor& flat) { return flat.narrow(0, at, kept.numel()).view(kept.sizes()); };
    const Tensor storage = place(parameters_);
    storage.copy_(kept);
    kept.set_data(storage);
    kept.mutable_grad() = place(gradients_);
    entries_.push_back({name, kept, at});
    at += kept.numel();
  }
  groups_.back().end = at;
}

std::vector<Tensor> ParameterStore::trained() const {
  std::vector<Tensor> parameters;
  for (const Entry& entry : entries_) parameters.push_back(entry.parameter);
  return parameters;
}

double ParameterStore::clip_gradients(double scale) {
  torch::NoGradGuard no_grad;
  const double norm = scale * gradients_.norm().item<double>();
  if (config_.clip_norm > 0 && norm > config_.clip_norm) scale *= config_.clip_norm / norm;
  if (scale != 1) gradients_.mul_(scale);
  return norm;
}

void ParameterStore::step(double learning_rate) {
  torch::NoGradGuard no_grad;
  const Tensor count = torch::full({}, static_cast<double>(++steps_taken_), torch::kFloat32).to(parameters_.device());
  for (const Group& group : groups_) {
    const auto part = [&](const Tensor& flat) { return std::vector<Tensor>{flat.narrow(0, group.begin, group.end - group.begin)}; };
    at::_fused_adamw_(part(parameters_), part(gradients_), part(mean_), part(square_), {}, {count},
                      learning_rate * group.learning_rate, config_.beta1, config_.beta2, config_.weight_decay * group.weight_decay,
                      /*eps=*/1e-8, /*amsgrad=*/false, /*maximize=*/false);
  }
  if (!average_.defined()) return;
  const double warming = static_cast<double>(1 + steps_taken_) / static_cast<double>(10 + steps_taken_);
  average_.lerp_(parameters_, 1 - std::min(config_.ema_decay, warming));
}

void ParameterStore::swap_average() {
  if (!average_.defined()) return;
  torch::NoGradGuard no_grad;
  const Tensor kept = parameters_.clone();
  parameters_.copy_(average_);
  average_.copy_(kept);
}

Named ParameterStore::state() const {
  Named tensors;
  for (const Entry& entry : entries_) {
    const auto add = [&](const char* kind, const Tensor& flat) {
      if (flat.defined())
        tensors.emplace_back(kind + entry.name, flat.narrow(0, entry.begin, entry.parameter.numel()).view(entry.parameter.sizes()));
    };
    add("parameter.", parameters_);
    add("mean.", mean_);
    add("square.", square_);
    add("average.", average_);
  }
  for (const auto& [name, parameter] : frozen_) tensors.emplace_back("parameter." + name, parameter);
  return tensors;
}

}  // namespace omma
