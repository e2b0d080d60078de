#include "omma/nn/lora.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "omma/nn/layers.h"
#include "omma/nn/linear.h"

namespace omma {
namespace {

struct NamedLinear {
  std::string name;
  std::shared_ptr<LinearImpl> layer;
};

// Every linear layer below `module`, under each of its names.
std::vector<NamedLinear> linear_layers(const torch::nn::Module& module) {
  std::vector<NamedLinear> layers;
  for (const auto& item : module.named_modules("", /*include_self=*/false))
    if (auto layer = std::dynamic_pointer_cast<LinearImpl>(item.value())) layers.push_back({item.key(), layer});
  return layers;
}

std::string_view take_last(std::string_view& rest) {
  const auto dot = rest.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? rest : rest.substr(dot + 1);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(0, dot);
  return last;
}

bool chosen_by_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return chooses(pattern, name); });
}

// "layers.*.attn.qkv, layers.*.attn.proj": each name once, numbers as stars.
std::string summary(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (std::string_view rest : names) {
    std::string short_name;
    while (!rest.empty()) {
      const std::string_view component = take_last(rest);
      const bool is_number = std::ranges::all_of(component, [](unsigned char c) { return std::isdigit(c) != 0; });
      short_name = std::string(is_number ? "*" : component) + (short_name.empty() ? "" : ".") + short_name;
    }
    if (std::ranges::find(shown, short_name) == shown.end()) shown.push_back(short_name);
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

void expect_all_choose(const std::vector<std::string>& patterns, const std::vector<std::string>& names, std::string_view field) {
  for (const std::string& pattern : patterns)
    check(std::ranges::any_of(names, [&](const std::string& name) { return chooses(pattern, name); }),
          "lora: {}: \"{}\" chooses nothing; there are: {}", field, pattern, summary(names));
}

bool is_inside(std::string_view name, std::string_view module) {
  return name.size() > module.size() && name.starts_with(module) && name[module.size()] == '.';
}

void freeze_all_but(torch::nn::Module& module, const std::vector<std::string>& whole) {
  std::set<const void*> kept;  // a weight of several names learns if one of them does
  for (const auto& item : module.named_parameters())
    for (const std::string& part : whole)
      if (is_inside(item.key(), part)) kept.insert(item.value().unsafeGetTensorImpl());
  for (Tensor& parameter : module.parameters())
    if (!kept.contains(parameter.unsafeGetTensorImpl())) parameter.set_requires_grad(false);
}

void add_adapter(LinearImpl& layer, const LoraConfig& config) {
  const auto options = layer.weight.options().requires_grad(false);
  const double bound = 1 / std::sqrt(static_cast<double>(layer.weight.size(1)));  // PEFT's Kaiming, of a = sqrt(5)
  const Tensor a = torch::empty({config.rank, layer.weight.size(1)}, options).uniform_(-bound, bound);
  const Tensor b = torch::zeros({layer.weight.size(0), config.rank}, options);
  layer.set_adapter({.a = register_parameter_at(layer, "lora_A.weight", a),
                     .b = register_parameter_at(layer, "lora_B.weight", b),
                     .scale = config.scale(),
                     .dropout = config.dropout});
}

// A weight that is tied to another layer's, or to an embedding, cannot change in one alone.
void expect_untied(const torch::nn::Module& module, const std::vector<NamedLinear>& targets, Faults& faults) {
  std::map<const void*, std::vector<std::string>> names;  // of each target's weight
  for (const NamedLinear& each : targets) names[each.layer->weight.unsafeGetTensorImpl()].push_back(each.name + ".weight");
  for (const auto& item : module.named_parameters()) {
    const auto found = names.find(item.value().unsafeGetTensorImpl());
    if (found != names.end() && std::ranges::find(found->second, item.key()) == found->second.end())
      faults.add("\"{}\" is tied to \"{}\"", found->second.front(), item.key());
  }
  std::map<const void*, const LinearImpl*> owners;
  for (const auto& [name, layer] : targets) {
    const auto [owner, is_new] = owners.emplace(layer->weight.unsafeGetTensorImpl(), layer.get());
    faults.expect(is_new || owner->second == layer.get(), "\"{}\": its weight is another layer's, too", name);
  }
}

void expect_adaptable(const torch::nn::Module& module, const std::vector<NamedLinear>& targets,
                      const std::vector<std::string>& whole, const LoraConfig& config) {
  Faults faults("lora");
  for (const auto& [name, layer] : targets) {
    faults.expect(!layer->adapter(), "\"{}\" has an adapter", name);
    faults.expect(layer->weight.is_floating_point(), "\"{}\" is of 8-bit numbers: adapt the model that it was made of", name);
    faults.expect(config.dropout == 0 || !layer->is_folded(),
                  "\"{}\": its weight is folded into others, which leaves no place for dropout: set it to 0", name);
    for (const std::string& part : whole)
      faults.expect(name != part && !is_inside(name, part), "\"{}\" is a target and in modules_to_save (\"{}\")", name, part);
  }
  expect_untied(module, targets, faults);
  faults.raise();
}

}  // namespace

void LoraConfig::validate(Faults& faults) const {
  faults.expect(rank >= 1, "rank: expected 1 or more, got {}", rank);
  faults.expect(alpha > 0 && std::isfinite(alpha), "alpha: expected more than 0, got {}", alpha);
  faults.expect(dropout >= 0 && dropout < 1, "dropout: expected 0 or more and less than 1, got {}", dropout);
  faults.expect(!targets.empty(), "targets: expected names of linear layers, got none");
  for (const auto& list : {targets, modules_to_save})
    for (const std::string& pattern : list) faults.expect(!pattern.empty(), "targets, modules_to_save: expected names, got \"\"");
}

double LoraConfig::scale() const {
  const auto count = static_cast<double>(rank);
  return alpha / (use_rslora ? std::sqrt(count) : count);
}

bool chooses(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    if (name.empty()) return false;
    const std::string_view expected = take_last(pattern), found = take_last(name);
    if (expected != "*" && expected != found) return false;
  }
  return true;
}

std::vector<std::string> add_lora(torch::nn::Module& module, const LoraConfig& config) {
  Faults faults("lora");
  config.validate(faults);
  faults.raise();
  std::vector<std::string> names;
  std::vector<NamedLinear> targets;
  for (const NamedLinear& each : linear_layers(module)) {
    names.push_back(each.name);
    if (chosen_by_any(config.targets, each.name)) targets.push_back(each);
  }
  expect_all_choose(config.targets, names, "targets");
  const std::vector<std::string> whole = whole_modules(module, config.modules_to_save);
  expect_adaptable(module, targets, whole, config);
  freeze_all_but(module, whole);
  std::vector<std::string> adapted;
  for (const auto& [name, layer] : targets) {
    if (!layer->adapter()) add_adapter(*layer, config);  // one that has several names comes again
    adapted.push_back(name);
  }
  return adapted;
}

std::vector<std::string> whole_modules(const torch::nn::Module& module, const std::vector<std::string>& patterns) {
  std::vector<std::string> names;
  for (const auto& item : module.named_modules("", /*include_self=*/false)) names.push_back(item.key());
  expect_all_choose(patterns, names, "modules_to_save");
  std::vector<std::string> whole;
  for (const std::string& name : names) {  // parents come first
    const bool is_covered = std::ranges::any_of(whole, [&](const std::string& parent) { return is_inside(name, parent); });
    if (!is_covered && chosen_by_any(patterns, name)) whole.push_back(name);
  }
  return whole;
}

std::vector<AdaptedLayer> adapted_layers(const torch::nn::Module& module) {
  std::vector<AdaptedLayer> layers;
  for (const auto& [name, layer] : linear_layers(module))
    if (layer->adapter()) layers.push_back({name, layer->adapter()->a, layer->adapter()->b});
  return layers;
}

std::vector<std::pair<std::string, Tensor>> merged_weights(const torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  std::map<const void*, Tensor> merged;
  std::set<const void*> adapters;
  for (const auto& [name, layer] : linear_layers(module)) {
    if (!layer->adapter()) continue;
    merged.emplace(layer->weight.unsafeGetTensorImpl(), layer->full_weight());
    adapters.insert({layer->adapter()->a.unsafeGetTensorImpl(), layer->adapter()->b.unsafeGetTensorImpl()});
  }
  std::vector<std::pair<std::string, Tensor>> all;
  for (const auto& item : module.named_parameters()) {
    const void* weight = item.value().unsafeGetTensorImpl();
    const auto found = merged.find(weight);
    if (!adapters.contains(weight)) all.emplace_back(item.key(), found == merged.end() ? item.value() : found->second);
  }
  for (const auto& item : module.named_buffers()) all.emplace_back(item.key(), item.value());
  return all;
}

}  // namespace omma
