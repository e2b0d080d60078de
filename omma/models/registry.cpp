#include "omma/models/registry.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "omma/models/blip/answerer.h"
#include "omma/models/blip/captioner.h"
#include "omma/models/blip/convert.h"
#include "omma/models/blip/matcher.h"
#include "omma/models/conversion.h"
#include "omma/models/grounding_dino/convert.h"
#include "omma/models/grounding_dino/predictor.h"
#include "omma/models/llama/predictor.h"
#include "omma/models/taught.h"

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

json config_of(const fs::path& directory) {
  check(fs::is_directory(directory), "{}: no such model directory", directory.string());
  const fs::path file = directory / "config.json";
  check(fs::exists(file), "{}: no model directory: it has no config.json", directory.string());
  json config = read_json(file);
  check(config.is_object() && config.contains("model_type") && config["model_type"].is_string(),
        "{}: model_type: expected a string, got {}", file.string(), config.is_object() ? "none" : config.type_name());
  return config;
}

bool is_grounding_dino(const std::string& type) { return type == "grounding-dino" || type == "mm-grounding-dino"; }

// What a model can do, from its type and, where one type has models for several tasks, its parts.
std::vector<std::string> tasks_of(const json& config, const std::string& where) {
  const std::string type = config["model_type"];
  if (is_grounding_dino(type)) return {"detect"};
  if (type == "llama") return {"generate"};
  if (type != "blip") return {};
  const BlipParts parts = read_blip_config(config, where).parts();
  std::vector<std::string> tasks;
  if (parts.decoder && (parts.tied || !parts.encoder)) tasks.push_back("caption");
  if (parts.heads) tasks.push_back("match");
  if (parts.encoder && parts.decoder && !parts.tied) tasks.push_back("answer");
  return tasks;
}

constexpr std::string_view models_for(std::string_view task) {
  if (task == "detect") return "grounding-dino, mm-grounding-dino";
  if (task == "generate") return "llama";
  if (task == "caption") return "blip (BlipForConditionalGeneration)";
  if (task == "match") return "blip (BlipForImageTextRetrieval)";
  return "blip (BlipForQuestionAnswering)";
}

BlipCheckpoint open_blip(const fs::path& directory, const LoadOptions& options) {
  return load_blip(directory,
                   {.device = device_of(options.device), .dtype = dtype_option(options.dtype).value_or(torch::kFloat32)});
}

}  // namespace

void expect_task(const fs::path& directory, std::string_view task) {
  const json config = config_of(directory);
  const std::string type = config["model_type"];
  const auto tasks = tasks_of(config, (directory / "config.json").string());
  const std::string parts = type == "blip" ? fmt::format(" {}", dump_json(config.value("architectures", json()))) : "";
  check(std::ranges::find(tasks, task) != tasks.end(), "{}: models of type \"{}\"{} do not {}; those that do: {}",
        directory.string(), type, parts, task, models_for(task));
}

std::unique_ptr<Captioner> load_captioner(const fs::path& directory, const LoadOptions& options) {
  expect_task(directory, "caption");
  return with_warnings(std::make_unique<BlipCaptioner>(open_blip(directory, options)), directory);
}

std::unique_ptr<Matcher> load_matcher(const fs::path& directory, const LoadOptions& options) {
  expect_task(directory, "match");
  return with_warnings(std::make_unique<BlipMatcher>(open_blip(directory, options)), directory);
}

std::unique_ptr<Answerer> load_answerer(const fs::path& directory, const LoadOptions& options) {
  expect_task(directory, "answer");
  return with_warnings(std::make_unique<BlipAnswerer>(open_blip(directory, options)), directory);
}

std::unique_ptr<Detector> load_detector(const fs::path& directory, const LoadOptions& options) {
  expect_task(directory, "detect");
  auto predictor = std::make_unique<GroundingDinoPredictor>(
      directory, GroundingDinoPredictorOptions{.device = device_of(options.device),
                                               .dtype = dtype_option(options.dtype).value_or(torch::kFloat32)});
  return with_warnings(std::move(predictor), directory);
}

std::unique_ptr<LanguageModel> load_language_model(const fs::path& directory, const LoadOptions& options) {
  expect_task(directory, "generate");
  return std::make_unique<LlamaPredictor>(
      directory, LlamaPredictorOptions{.device = device_of(options.device), .dtype = dtype_option(options.dtype)});
}

ModelInfo inspect_model(const fs::path& directory) {
  ModelInfo info;
  const json config = config_of(directory);
  info.model_type = config["model_type"];
  info.tasks = tasks_of(config, (directory / "config.json").string());
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

void convert_model(const fs::path& from, const fs::path& to, const std::optional<fs::path>& config) {
  check(fs::exists(from), "{}: no such file", from.string());
  check(!fs::exists(to) || (fs::is_directory(to) && fs::is_empty(to)), "{}: expected an absent or empty directory", to.string());
  // Made beside and renamed, so that a failure leaves nothing that looks like a model.
  const fs::path place = (fs::absolute(to) / ".").lexically_normal().parent_path();  // without a slash at its end
  const fs::path partial = place.string() + fmt::format(".{}.partial", ::getpid());
  fs::create_directories(partial);
  try {
    const ConversionSource source = open_conversion(from, config);
    if (original_blip_prefix(source.file) || source.model_type() == "blip")
      convert_blip(source, partial);
    else
      convert_grounding_dino(source, partial);
    fs::remove(place);  // it is empty
    fs::rename(partial, place);
  } catch (...) {
    fs::remove_all(partial);
    throw;
  }
}

}  // namespace omma
