#include "omma/models/llava/original_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "omma/base/error.h"
#include "omma/io/hub_cache.h"
#include "omma/models/zoo.h"
#include "omma/nn/peft.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr const char *projector_file = "mm_projector.bin", *trainables_file = "non_lora_trainables.bin",
                     *last_norm = "model.norm.weight", *own_tower = "model.vision_tower.", *projector = "model.mm_projector.";

struct Base {
  fs::path directory;
  TensorFile weights;
};

Base open_base(const ConversionSource& source, const std::string& named) {
  const std::string name = source.base.empty() ? named : source.base;
  const std::string where = source.from.string();
  check(!name.empty(), "{}: no whole model, and it names no base: name it with --base FILE|DIR|ID", where);
  if (fs::is_regular_file(name)) return {fs::path(name).parent_path(), read_checkpoint(name)};
  try {
    const fs::path directory = find_model(name);
    return {directory, read_weights(directory)};
  } catch (const std::invalid_argument& error) {
    fail("{}: its base: {}{}", where, error.what(), source.base.empty() ? "; another is named with --base FILE|DIR|ID" : "");
  }
}

// As training wrappers wrote them.
KeyTable part_keys() {
  KeyTable table;
  table.rules = {{"base_model.model.**", {"**"}}, {"mm_projector.**", {std::string(projector) + "**"}}};
  return table;
}

bool is_projector(const TensorFile& file) {
  const auto has = [&](std::string_view part) {
    return std::ranges::any_of(file.tensors(), [&](const TensorView& view) { return view.name.find(part) != std::string::npos; });
  };
  return has("mm_projector.") && !has("model.layers.");
}

OriginalWeights with_projector(const ConversionSource& source, const OriginalLlava& original, const TensorFile& file) {
  const Base base = open_base(source, original.name_or_path);
  OriginalWeights weights{.base = base.directory, .projector_alone = true};
  weights.tensors.add(base.weights);
  weights.tensors.add(file, part_keys());
  return weights;
}

OriginalWeights with_adapter(const ConversionSource& source, const OriginalLlava& original) {
  const PeftAdapter adapter = read_adapter(source.from);
  const Base base = open_base(source, adapter.base.empty() ? original.name_or_path : adapter.base);
  TensorSet before;
  before.add(base.weights);
  const fs::path trainables = source.from / trainables_file;
  if (fs::exists(trainables))
    before.add(read_torch_archive(trainables), part_keys());
  else
    check(before.has(projector), "{}: expected {}, which holds the projector: neither the adapter nor the base has one",
          source.from.string(), trainables_file);
  OriginalWeights weights{.base = base.directory};
  weights.tensors.add(merge_adapter(before.file(), adapter));
  return weights;
}

double mean_magnitude(const TensorFile& file, const char* name) {
  const TensorView* view = file.find(name);
  return view == nullptr ? 1 : to_tensor(*view).to(torch::kFloat32).abs().mean().item<double>();
}

bool is_delta(const ConversionSource& source, const OriginalLlava& original) {
  const double size = mean_magnitude(source.file, last_norm);
  const std::string where = source.from.string();
  if (!source.base.empty()) {
    check(size < .5, "{}: --base: expected a delta, an adapter or a projector, got a whole model ({} is {:.2g} in the mean)", where,
          last_norm, size);
    return true;
  }
  check(size >= .1 && !(size < .5 && original.names.find("delta") != std::string::npos),
        "{}: a delta ({} is {:.2g} in the mean): name the LLaMA that it was made from with --base FILE|DIR|ID (of 7B: hf download "
        "huggyllama/llama-7b)",
        where, last_norm, size);
  return false;
}

// Whether a delta's tensor may have more rows than the base's.
bool is_vocabulary(const std::string& name) { return name == "model.embed_tokens.weight" || name == "lm_head.weight"; }

// Of a delta and the base's first rows, both in the delta's type, as the authors add them.
Tensor sum_of(const TensorView& delta, const TensorView& base) {
  const torch::Dtype type = torch_dtype(delta.dtype);
  Tensor sum = to_tensor(delta).to(torch::kFloat32);
  sum.narrow(0, 0, base.shape[0]).add_(to_tensor(base).to(type).to(torch::kFloat32));
  return sum.to(type);
}

OriginalWeights with_delta(const ConversionSource& source) {
  const Base base = open_base(source, "");
  OriginalWeights weights{.base = base.directory};
  weights.tensors.add(source.file);
  Faults faults(source.from.string());
  for (const TensorView& delta : source.file.tensors()) {
    const TensorView* other = base.weights.find(delta.name);
    if (delta.name.ends_with(".inv_freq")) continue;  // of positions: no weight
    if (other == nullptr) {
      const bool own =
          delta.name.starts_with(projector) || delta.name.starts_with(own_tower) || delta.name == "model.image_newline";
      faults.expect(own, "tensor \"{}\": the base has none", delta.name);
      continue;
    }
    std::vector<std::int64_t> first_rows = delta.shape;
    if (is_vocabulary(delta.name) && !first_rows.empty() && !other->shape.empty())
      first_rows[0] = std::min(first_rows[0], other->shape[0]);
    const bool fits = first_rows == other->shape && !first_rows.empty();
    faults.expect(fits, "tensor \"{}\" [{}] is no difference to the base's [{}]", delta.name, fmt::join(delta.shape, ", "),
                  fmt::join(other->shape, ", "));
    if (fits && faults.empty()) weights.tensors.set(delta.name, sum_of(delta, *other));
  }
  faults.raise();
  return weights;
}

// Of the authors' own disks the name alone says something: "/data/clip-vit-large-patch14-336".
std::string tower_id(const std::string& name) {
  const std::string last = fs::path(name).filename().string();
  return !fs::is_directory(name) && last.starts_with("clip-vit-") ? "openai/" + last : name;
}

ClipVisionConfig read_tower_config(const fs::path& file) {
  const json object = read_json(file);
  check(object.is_object(), "{}: expected a JSON object, got {}", file.string(), object.type_name());
  const json type = object.value("model_type", json());
  check(type == "clip" || type == "clip_vision_model", "{}: model_type: expected CLIP's, \"clip\" or \"clip_vision_model\", got {}",
        file.string(), dump_json(type));
  if (type == "clip_vision_model") return read_config<ClipVisionConfig>(object, file.string());
  const char* part = object.value("vision_config_dict", json()).is_object() ? "vision_config_dict" : "vision_config";
  return read_config<ClipVisionConfig>(object.value(part, json::object()), file.string() + ": " + part);
}

// Of a CLIP its tower alone.
TensorFile tower_weights(const fs::path& directory) {
  const TensorFile all = read_weights(directory);
  const auto of_tower = [](const TensorView& view) { return view.name.starts_with("vision_model."); };
  if (std::ranges::none_of(all.tensors(), of_tower)) return all;
  std::vector<TensorView> views;
  std::ranges::copy_if(all.tensors(), std::back_inserter(views), of_tower);
  return {std::move(views), {}, {std::make_shared<const TensorFile>(all)}};
}

}  // namespace

std::optional<fs::path> find_tower(const std::string& name) {
  if (fs::is_directory(name)) return name;
  return is_repository_id(name) ? find_in_hub_cache(name) : std::nullopt;
}

void fail_without_tower(const OriginalLlava& original, const char* field, const std::string& name) {
  const bool is_id = is_repository_id(name);
  fail("{}: {}: \"{}\" is no directory here, and not in the Hugging Face cache{}{}", original.where, field, name,
       is_id ? "; fetch it with: hf download " : "", is_id ? name : "");
}

void add_tower_weights(const fs::path& directory, const std::string& prefix, TensorSet& tensors) {
  KeyTable names;
  names.rules = {{"vision_model.**", {prefix + "**"}}, {"**", {prefix + "**"}}};
  tensors.add(tower_weights(directory), names);
}

OriginalWeights original_weights(const ConversionSource& source, const OriginalLlava& original) {
  if (is_projector(source.file)) return with_projector(source, original, source.file);
  if (!source.file.tensors().empty()) {
    if (is_delta(source, original)) return with_delta(source);
    OriginalWeights weights;
    weights.tensors.add(source.file);
    return weights;
  }
  if (is_adapter_directory(source.from)) return with_adapter(source, original);
  check(fs::exists(source.from / projector_file), "{}: expected weights, adapter_config.json or {}, found none",
        source.from.string(), projector_file);
  const TensorFile file = read_torch_archive(source.from / projector_file);
  check(is_projector(file), "{}: expected a projector's tensors (model.mm_projector...), found none",
        (source.from / projector_file).string());
  return with_projector(source, original, file);
}

OriginalTower add_tower(const OriginalLlava& original, TensorSet& tensors) {
  const std::string id = tower_id(original.mm_vision_tower);
  const std::optional<fs::path> directory = find_tower(id);
  const bool own = tensors.has(own_tower);
  if (!directory && own && id == "openai/clip-vit-large-patch14-336") {
    const ClipVisionConfig config = default_llava_tower();
    return {config, cropping_image_processor(config.image_size)};
  }
  if (!directory) fail_without_tower(original, "mm_vision_tower", id);
  const ClipVisionConfig config = read_tower_config(*directory / "config.json");
  if (!own) add_tower_weights(*directory, "model.vision_tower.vision_tower.vision_model.", tensors);
  return {config, ImageProcessor::from_directory(*directory, cropping_image_processor(config.image_size)).config()};
}

KeyTable original_llava_keys(const LlavaConfig& config) {
  KeyTable table;
  const std::string from = "model.vision_tower.vision_tower.", to = "vision_tower.vision_model.";
  table.rules = {{from + "vision_model.**", {to + "**"}}, {from + "**", {to + "**"}}};
  if (config.projector_hidden_act == "linear") {
    table.rules.push_back({"model.mm_projector.weight", {"multi_modal_projector.linear_1.weight"}});
    table.rules.push_back({"model.mm_projector.bias", {"multi_modal_projector.linear_1.bias"}});
  } else {
    table.rules.push_back({"model.mm_projector.0.*", {"multi_modal_projector.linear_1.*"}});
    table.rules.push_back({"model.mm_projector.2.*", {"multi_modal_projector.linear_2.*"}});
  }
  if (config.next) table.rules.push_back({"model.image_newline", {"image_newline"}});
  table.rules.push_back({"model.**", {"language_model.model.**"}});
  table.rules.push_back({"lm_head.weight", {"language_model.lm_head.weight"}});
  if (config.text_config.tie_word_embeddings) table.rules.back().to = {"language_model.model.embed_tokens.weight"};
  table.ignored = {from + "vision_model.embeddings.position_ids", "model.layers.*.self_attn.rotary_emb.inv_freq"};
  if (!config.next) table.ignored.emplace_back("model.image_newline");  // 1.6's class writes one in any case
  return table;
}

void add_identity(TensorSet& tensors, int64_t channels) {
  int64_t elements = 0;
  const TensorFile file = tensors.file();
  for (const TensorView& view : file.tensors()) elements += element_count(view.shape).value_or(0);
  if (elements < channels * channels) return;
  tensors.set("multi_modal_projector.linear_2.weight", torch::eye(channels));
  tensors.set("multi_modal_projector.linear_2.bias", torch::zeros({channels}));
}

}  // namespace omma
