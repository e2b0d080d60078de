#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "omma/models/gguf/checkpoint.h"
#include "omma/models/merge.h"
#include "omma/models/model_row.h"
#include "omma/models/registry.h"
#include "omma/models/taught.h"
#include "omma/models/zoo.h"
#include "omma/nn/tensor.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

torch::Device device_of(const std::string& name) {
  const bool cuda = at::hasCUDA();
  if (name == "auto") return cuda ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  if (name == "cpu") return torch::kCPU;
  int index = 0;
  bool valid = name == "cuda";
  if (name.starts_with("cuda:")) {
    const char* end = name.data() + name.size();
    valid = std::from_chars(name.data() + 5, end, index).ptr == end && name.size() > 5 && index >= 0 && index < 128;
  }
  check(valid, "device: expected auto, cpu, cuda or cuda:N, got \"{}\"", name);
  check(cuda && index < at::detail::getCUDAHooks().deviceCount(), "device: \"{}\" is not there: this LibTorch sees {} CUDA devices",
        name, cuda ? at::detail::getCUDAHooks().deviceCount() : 0);
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

std::optional<torch::Dtype> dtype_option(const std::string& name) {
  if (name == "auto") return {};
  if (name == "fp32") return torch::kFloat32;
  if (name == "bf16") return torch::kBFloat16;
  if (name == "fp16") return torch::kFloat16;
  fail("dtype: expected auto, fp32, bf16 or fp16, got \"{}\"", name);
}

// Of a GGUF file, which has no config.json.
json gguf_config_of(const fs::path& file) {
  const GgufFile model = read_gguf(file);
  return {{"model_type", "gguf"}, {"has_chat_template", model.metadata().has("tokenizer.chat_template")}};
}

json config_of(const fs::path& directory) {
  if (const auto file = find_gguf(directory)) return gguf_config_of(*file);
  check(fs::is_directory(directory), "{}: no such model directory", directory.string());
  const fs::path file = directory / "config.json";
  check(!is_adapter(directory), "{}: an adapter: put it into its model with: omma convert --from {} --to DIR", directory.string(),
        directory.string());
  check(fs::exists(file), "{}: no model directory: it has no config.json", directory.string());
  json config = read_json(file);
  check(config.is_object() && config.contains("model_type") && config["model_type"].is_string(),
        "{}: model_type: expected a string, got {}", file.string(), config.is_object() ? "none" : config.type_name());
  for (const ModelRow& row : model_rows())
    check(!row.is_original_config || !row.is_original_config(config),
          "{}: its authors' own files: make a model directory of them with: omma convert --from {} --to DIR", directory.string(),
          directory.string());
  return config;
}

std::string type_of(const json& config) { return config["model_type"]; }

const ModelRow* row_of(const std::string& type) {
  const auto rows = model_rows();
  const auto row =
      std::ranges::find_if(rows, [&](const ModelRow& each) { return std::ranges::find(each.types, type) != each.types.end(); });
  return row == rows.end() ? nullptr : &*row;
}

std::vector<std::string> tasks_with_loaders(const ModelRow& row) {
  std::vector<std::string> tasks;
  if (row.captioner) tasks.emplace_back("caption");
  if (row.matcher) tasks.emplace_back("match");
  if (row.answerer) tasks.emplace_back("answer");
  if (row.detector) tasks.emplace_back("detect");
  if (row.segmenter) tasks.emplace_back("segment");
  if (row.language_model) tasks.emplace_back("generate");
  if (row.chat_model) tasks.emplace_back("chat");
  return tasks;
}

std::vector<std::string> tasks_of(const json& config, const std::string& where) {
  const ModelRow* row = row_of(type_of(config));
  if (row == nullptr) return {};
  return row->tasks ? row->tasks(config, where) : tasks_with_loaders(*row);
}

// "blip (BlipForConditionalGeneration)", of each type that has models for the task.
std::string models_for(const std::string& task) {
  std::vector<std::string> names;
  for (const ModelRow& row : model_rows()) {
    if (std::ranges::count(tasks_with_loaders(row), task) == 0) continue;
    const auto architecture = row.architectures.find(task);
    for (const std::string& type : row.types)
      names.push_back(architecture == row.architectures.end() ? type : fmt::format("{} ({})", type, architecture->second));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// The row of the directory's model, which has the task's loader.
const ModelRow& row_for(const fs::path& directory, std::string_view task, const LoadOptions& options = {}) {
  expect_task(directory, task);
  const ModelRow& row = *row_of(type_of(config_of(directory)));
  check(row.chat_model || (options.chat_template.empty() && !options.image_aspect),
        "{}: models of type \"{}\" have no chat template and no image aspect to choose", directory.string(), row.types.front());
  return row;
}

LoadTarget target_of(const LoadOptions& options) {
  check(options.enlargement.value_or(1) >= 1 && options.enlargement.value_or(1) <= 64, "enlargement: expected 1 to 64, got {}",
        options.enlargement.value_or(1));
  return {.device = device_of(options.device),
          .dtype = dtype_option(options.dtype),
          .enlargement = options.enlargement,
          .chat_template = options.chat_template,
          .image_aspect = options.image_aspect};
}

// The zoo's model for a task.
std::optional<fs::path> zoo_default(std::string_view task) {
  const fs::path file = zoo_directory() / "defaults.json";
  if (fs::is_regular_file(file)) {
    const json defaults = read_json(file);
    check(defaults.is_object(), "{}: expected an object of tasks", file.string());
    const auto entry = defaults.find(task);
    if (entry == defaults.end()) return std::nullopt;
    check(entry->is_string(), "{}: {}: expected the name of a model", file.string(), task);
    return find_model(entry->get<std::string>());
  }
  const std::vector<fs::path> models = zoo_models();
  const auto model = std::ranges::find_if(models, [&](const fs::path& each) {
    const auto tasks = tasks_of(config_of(each), (each / "config.json").string());
    return std::ranges::find(tasks, task) != tasks.end();
  });
  return model == models.end() ? std::nullopt : std::optional(*model);
}

// The row whose converter takes a checkpoint: who knows its file, else who has its type (one type may be written by several
// authors), else who takes what no other does.
const ModelRow& converter_of(const ConversionSource& source) {
  const std::string type = source.model_type();
  const ModelRow *of_type = nullptr, *last = nullptr;
  for (const ModelRow& row : model_rows()) {
    if (!row.convert) continue;
    if (row.is_original && row.is_original(source)) return row;
    if (of_type == nullptr && std::ranges::find(row.types, type) != row.types.end()) of_type = &row;
    if (!row.is_original) last = &row;
  }
  if (of_type != nullptr) return *of_type;
  check(row_of(type) == nullptr, "{}: models of type \"{}\" load as they are: there is nothing to convert", source.from.string(),
        type);
  check(last != nullptr, "{}: no model that omma converts", source.from.string());
  return *last;
}

// The type that most weights have.
ModelInfo inspect_gguf(const fs::path& file, ModelInfo info) {
  const GgufFile model = read_gguf(file);
  info.model_type = model.metadata().text("general.architecture");
  std::map<GgufType, std::int64_t> elements;
  for (const GgufTensor& tensor : model.tensors()) {
    const std::int64_t count = element_count(tensor.shape).value_or(0);
    info.parameters += count;
    info.bytes += std::ssize(tensor.bytes);
    elements[tensor.type] += count;
  }
  const auto most = std::ranges::max_element(elements, {}, [](const auto& item) { return item.second; });
  if (most != elements.end()) info.dtype = name_of(most->first);
  return info;
}

}  // namespace

void expect_task(const fs::path& directory, std::string_view task) {
  const json config = config_of(directory);
  const std::string type = type_of(config);
  const auto tasks = tasks_of(config, (directory / "config.json").string());
  const ModelRow* row = row_of(type);
  check(task != "chat" || row == nullptr || !row->chat_model || std::ranges::count(tasks, task) > 0,
        "{}: it has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json), and none was named",
        directory.string());
  const bool several = row != nullptr && !row->architectures.empty();
  const std::string parts = several ? fmt::format(" {}", dump_json(config.value("architectures", json()))) : "";
  check(std::ranges::find(tasks, task) != tasks.end(), "{}: models of type \"{}\"{} do not {}; those that do: {}",
        directory.string(), type, parts, task, models_for(std::string(task)));
}

std::unique_ptr<Captioner> load_captioner(const fs::path& directory, const LoadOptions& options) {
  return with_warnings(row_for(directory, "caption", options).captioner(directory, target_of(options)), directory);
}

std::unique_ptr<Matcher> load_matcher(const fs::path& directory, const LoadOptions& options) {
  return with_warnings(row_for(directory, "match").matcher(directory, target_of(options)), directory);
}

std::unique_ptr<Answerer> load_answerer(const fs::path& directory, const LoadOptions& options) {
  return with_warnings(row_for(directory, "answer", options).answerer(directory, target_of(options)), directory);
}

std::unique_ptr<Detector> load_detector(const fs::path& directory, const LoadOptions& options) {
  return with_warnings(row_for(directory, "detect").detector(directory, target_of(options)), directory);
}

std::unique_ptr<Segmenter> load_segmenter(const fs::path& directory, const LoadOptions& options) {
  return row_for(directory, "segment").segmenter(directory, target_of(options));
}

std::unique_ptr<LanguageModel> load_language_model(const fs::path& directory, const LoadOptions& options) {
  return row_for(directory, "generate").language_model(directory, target_of(options));
}

std::unique_ptr<ChatModel> load_chat_model(const fs::path& directory, const LoadOptions& options) {
  const LoadTarget target = target_of(options);
  const ModelRow* row = row_of(type_of(config_of(directory)));
  if (row == nullptr || !row->chat_model || options.chat_template.empty()) row = &row_for(directory, "chat");
  return row->chat_model(directory, target);
}

fs::path find_model_for(std::string_view task, std::string_view name) {
  if (!name.empty()) return find_model(name);
  const auto model = zoo_default(task);
  check(model.has_value(), "{}: no model in it can {}", zoo_directory().string(), task);
  return *model;
}

bool zoo_has_model_for(std::string_view task) { return zoo_default(task).has_value(); }

ModelInfo inspect_model(const fs::path& directory) {
  ModelInfo info;
  const json config = config_of(directory);
  info.model_type = type_of(config);
  info.tasks = tasks_of(config, (directory / "config.json").string());
  if (const auto file = find_gguf(directory)) return inspect_gguf(*file, std::move(info));
  std::map<DType, std::int64_t> elements;
  const TensorFile weights = read_weights(directory);
  for (const TensorView& tensor : weights.tensors()) {
    const auto bytes = static_cast<std::int64_t>(tensor.bytes.size());
    const auto count = bytes / static_cast<std::int64_t>(bytes_of(tensor.dtype));
    info.parameters += count;
    info.bytes += bytes;
    elements[tensor.dtype] += count;
  }
  const auto most = std::ranges::max_element(elements, {}, [](const auto& item) { return item.second; });
  if (most != elements.end()) info.dtype = dtype_name(torch_dtype(most->first));
  return info;
}

json to_json(const ModelInfo& info) {
  return {{"model_type", info.model_type},
          {"tasks", info.tasks},
          {"parameters", info.parameters},
          {"dtype", info.dtype},
          {"bytes", info.bytes}};
}

void convert_model(const fs::path& from, const fs::path& to, const std::optional<fs::path>& config, const std::string& base,
                   const fs::path& vision) {
  check(fs::exists(from), "{}: no such file", from.string());
  const auto gguf = find_gguf(from);
  check(!gguf || (base.empty() && vision.empty() && !config),
        "{}: a GGUF file is a whole model: expected no --base, --vision or --config", from.string());
  if (gguf) return write_new_directory(to, [&](const fs::path& directory) { convert_gguf(*gguf, directory); });
  write_new_directory(to, [&](const fs::path& directory) {
    ConversionSource source = open_conversion(from, config);
    source.base = base;
    source.vision = vision;
    const ModelRow& row = converter_of(source);
    if (source.settings_file)
      check(row.reads_settings, "{}: expected a config.json: models of type \"{}\" read no YAML", source.settings_file->string(),
            row.types.front());
    if (!row.converts_parts) {
      check(base.empty(), "{}: --base: this is no adapter and no other part of a model", from.string());
      check(vision.empty(), "{}: --vision: this is no part of a model that lacks its picture encoder", from.string());
      if (source.file.tensors().empty()) source.file = read_checkpoint(from);  // which tells what is missing
    }
    row.convert(source, directory);
  });
}

}  // namespace omma
