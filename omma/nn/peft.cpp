#include "omma/nn/peft.h"

#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "omma/base/config.h"
#include "omma/base/file.h"
#include "omma/io/finite.h"
#include "omma/nn/tensor.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view prefix = "base_model.model.", suffix_a = ".lora_A.weight", suffix_b = ".lora_B.weight";
constexpr const char *config_name = "adapter_config.json", *weights_name = "adapter_model.safetensors";

struct PeftConfig {
  std::string peft_type, base;
  int64_t rank = 8;
  double alpha = 8;
  bool use_rslora = false;
  json rank_pattern = json::object();
  json init = true;

  template <class Fields>
  void fields(Fields& field) {
    field("peft_type", peft_type);
    field("base_model_name_or_path", base);
    field("r", rank, Range{1, 1e6});
    field("lora_alpha", alpha, Range{0, 1e9});
    field("use_rslora", use_rslora);
    field("rank_pattern", rank_pattern);
    field("init_lora_weights", init);
  }
};

// What changes W + scale B A, where it is not null, false or empty.
constexpr std::array other_sums = {"alora_invocation_tokens",
                                   "alpha_pattern",
                                   "arrow_config",
                                   "fan_in_fan_out",
                                   "kasa_config",
                                   "layer_replication",
                                   "lora_bias",
                                   "monteclora_config",
                                   "target_parameters",
                                   "trainable_token_indices",
                                   "use_bdlora",
                                   "use_dora",
                                   "use_qalora",
                                   "velora_config"};

bool is_set(const json& value) { return !(value.is_null() || value == false || (value.is_structured() && value.empty())); }

// PiSSA, OLoRA and their like change the base's weights before they train; what PEFT converted on saving says true.
bool keeps_the_base(const json& init) { return init.is_boolean() || init == "gaussian" || init == "eva" || init == "orthogonal"; }

PeftConfig read_peft_config(const fs::path& file) {
  const json object = read_json(file);
  const std::string where = file.string();
  const PeftConfig config = read_config<PeftConfig>(object, where);
  Faults faults(where);
  faults.expect(config.peft_type == "LORA", "peft_type: expected \"LORA\", got \"{}\"", config.peft_type);
  for (const char* name : other_sums)
    faults.expect(!object.contains(name) || !is_set(object[name]), "{}: {}: LoRA of this kind is not known here", name,
                  dump_json(object.value(name, json())));
  faults.expect(keeps_the_base(config.init), "init_lora_weights: {}: the base's weights were changed, too: save it converted",
                dump_json(config.init));
  faults.raise();
  return config;
}

TensorFile read_adapter_weights(const fs::path& directory) {
  if (fs::exists(directory / weights_name)) return read_safetensors(directory / weights_name);
  check(fs::exists(directory / "adapter_model.bin"), "{}: expected adapter_model.safetensors or adapter_model.bin, found none",
        directory.string());
  return read_torch_archive(directory / "adapter_model.bin");
}

// "a.b" of "base_model.model.a.b.lora_A.weight".
std::optional<std::string> layer_of(std::string_view name, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  return std::string(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
}

void expect_rank(const PeftConfig& config, const TensorFile& weights, const std::string& where) {
  if (is_set(config.rank_pattern)) return;
  Faults faults(where);
  for (const TensorView& view : weights.tensors())
    if (layer_of(view.name, suffix_a) && !view.shape.empty())
      faults.expect(view.shape[0] == config.rank, "tensor \"{}\": expected rank {} ({}: r), got [{}]", view.name, config.rank,
                    config_name, fmt::join(view.shape, ", "));
  faults.raise();
}

// What the adapter does to one of the base's tensors.
struct Change {
  const TensorView* a = nullptr;
  const TensorView* b = nullptr;
  const TensorView* whole = nullptr;  // in its place
};

bool is_floating(const TensorView& view) { return torch::isFloatingType(torch_dtype(view.dtype)); }

bool fits(const TensorView& base, const Change& change) {
  if (!is_floating(base)) return change.whole != nullptr && change.whole->shape == base.shape && change.whole->dtype == base.dtype;
  if (change.whole != nullptr) return change.whole->shape == base.shape && is_floating(*change.whole);
  const auto &a = *change.a, &b = *change.b;
  return is_floating(a) && is_floating(b) && base.shape.size() == 2 && a.shape.size() == 2 && b.shape.size() == 2 &&
         a.shape[1] == base.shape[1] && b.shape[0] == base.shape[0] && a.shape[0] == b.shape[1];
}

// What a base calls the weights that an adapter names.
class NamesInBase {
 public:
  NamesInBase(const TensorFile& base, const KeyTable& keys) : base_(base), keys_(keys) {
    for (const TensorView& view : base.tensors())
      for (const std::string& name : translate_key(view.name, keys)) own_names_[name] = view.name;
  }

  std::string of(const std::string& name) const {
    if (base_.find(name) != nullptr) return name;
    for (const std::string& translated : translate_key(name, keys_))
      if (const auto own = own_names_.find(translated); own != own_names_.end()) return own->second;
    return name;
  }

 private:
  const TensorFile& base_;
  const KeyTable& keys_;
  std::map<std::string, std::string> own_names_;  // by the module's
};

// Every tensor of the adapter under the name of the base's tensor that it changes.
std::map<std::string, Change> changes_of(const TensorFile& base, const PeftAdapter& adapter, const KeyTable& keys) {
  const NamesInBase names(base, keys);
  std::map<std::string, Change> changes;
  for (const TensorView& view : adapter.weights.tensors()) {
    if (const auto layer = layer_of(view.name, suffix_a))
      changes[names.of(*layer + ".weight")].a = &view;
    else if (const auto other = layer_of(view.name, suffix_b))
      changes[names.of(*other + ".weight")].b = &view;
    else
      changes[names.of(layer_of(view.name, "").value_or(view.name))].whole = &view;
  }
  Faults faults(adapter.where);
  for (const auto& [name, change] : changes) {
    const TensorView* target = base.find(name);
    const std::string_view given = (change.whole != nullptr ? change.whole : change.a != nullptr ? change.a : change.b)->name;
    if (target == nullptr)
      faults.add("tensor \"{}\": the base has no \"{}\"", given, name);
    else if (change.whole == nullptr && (change.a == nullptr || change.b == nullptr))
      faults.add("tensor \"{}\": expected lora_A and lora_B, got one", given);
    else if (change.whole != nullptr && change.a != nullptr)
      faults.add("tensor \"{}\": expected an adapter or a whole weight, got both", given);
    else if (target->dtype == DType::i8 && !fits(*target, change))
      faults.add("the base's \"{}\" is of 8-bit numbers: merge the adapter into the model that it was made of", name);
    else
      faults.expect(fits(*target, change), "tensor \"{}\" [{}] does not fit the base's [{}]", given,
                    fmt::join((change.whole != nullptr ? change.whole : change.a)->shape, ", "), fmt::join(target->shape, ", "));
  }
  faults.raise();
  return changes;
}

Tensor changed(const TensorView& base, const Change& change, const PeftAdapter& adapter) {
  const torch::Dtype type = torch_dtype(base.dtype);
  if (change.whole != nullptr) return to_tensor(*change.whole).to(type);
  const LoraConfig config{.rank = change.a->shape[0], .alpha = adapter.alpha, .use_rslora = adapter.use_rslora};
  const auto fp32 = [](const TensorView& view) { return to_tensor(view).to(torch::kFloat32); };
  return (fp32(base) + config.scale() * torch::matmul(fp32(*change.b), fp32(*change.a))).to(type);
}

}  // namespace

bool is_adapter_directory(const fs::path& directory) { return fs::is_regular_file(directory / config_name); }

void save_adapter(const fs::path& directory, const torch::nn::Module& module, const LoraConfig& config, const std::string& base,
                  const RenamePart& name_of) {
  const torch::NoGradGuard no_grad;
  const auto renamed = [&](const std::string& name) { return name_of ? name_of(name) : name; };
  std::vector<std::pair<std::string, Tensor>> tensors;
  std::vector<std::string> layers;
  for (const auto& [name, a, b] : adapted_layers(module)) {
    layers.push_back(renamed(name));
    tensors.emplace_back(layers.back() + std::string(suffix_a), a);
    tensors.emplace_back(layers.back() + std::string(suffix_b), b);
  }
  std::vector<std::string> whole = whole_modules(module, config.modules_to_save);
  for (const auto& [name, weight] : merged_weights(module))
    for (const std::string& part : whole)
      if (name.starts_with(part + ".")) tensors.emplace_back(renamed(name), weight);
  for (std::string& part : whole) part = renamed(part);
  std::vector<TensorView> views;
  for (auto& [name, tensor] : tensors) {
    tensor = tensor.detach().to(torch::kCPU, tensor.is_floating_point() ? torch::kFloat32 : tensor.scalar_type()).contiguous();
    views.push_back(view_of(tensor, std::string(prefix) + name));
  }
  const json object = {{"peft_type", "LORA"},
                       {"task_type", nullptr},
                       {"base_model_name_or_path", base},
                       {"r", config.rank},
                       {"lora_alpha", config.alpha},
                       {"lora_dropout", config.dropout},
                       {"use_rslora", config.use_rslora},
                       {"target_modules", layers},
                       {"modules_to_save", whole.empty() ? json() : json(whole)},
                       {"bias", "none"},
                       {"fan_in_fan_out", false},
                       {"init_lora_weights", true},
                       {"inference_mode", true}};
  fs::create_directories(directory);
  write_safetensors(directory / weights_name, views, {{"format", "pt"}});
  write_file(directory / config_name, dump_json(object, 2) + "\n");
}

PeftAdapter read_adapter(const fs::path& directory) {
  const PeftConfig config = read_peft_config(directory / config_name);
  PeftAdapter adapter{.where = directory.string(),
                      .base = config.base,
                      .alpha = config.alpha,
                      .use_rslora = config.use_rslora,
                      .weights = read_adapter_weights(directory)};
  std::vector<const TensorView*> views;
  for (const TensorView& view : adapter.weights.tensors()) views.push_back(&view);
  check(!views.empty(), "{}: the adapter has no tensors", adapter.where);
  expect_finite(views, adapter.where);
  expect_rank(config, adapter.weights, adapter.where);
  return adapter;
}

TensorFile merge_adapter(const TensorFile& base, const PeftAdapter& adapter, const KeyTable& keys) {
  const torch::NoGradGuard no_grad;
  const std::map<std::string, Change> changes = changes_of(base, adapter, keys);
  auto merged = std::make_shared<std::vector<Tensor>>();
  merged->reserve(changes.size());
  std::vector<TensorView> views;
  for (const TensorView& view : base.tensors()) {
    const auto change = changes.find(view.name);
    if (change == changes.end()) {
      views.push_back(view);
      continue;
    }
    merged->push_back(changed(view, change->second, adapter).contiguous());
    views.push_back(view_of(merged->back(), view.name));
  }
  std::vector<const TensorView*> all;
  for (const TensorView& view : views)
    if (changes.contains(view.name)) all.push_back(&view);
  expect_finite(all, adapter.where + ": merged");
  return {std::move(views), base.metadata(), {std::make_shared<const TensorFile>(base), merged}};
}

}  // namespace omma
