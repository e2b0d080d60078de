#include "omma/models/registry.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "omma/models/grounding_dino/convert.h"
#include "omma/models/grounding_dino/predictor.h"
#include "omma/models/llama/predictor.h"

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

std::string model_type_of(const fs::path& directory) {
  check(fs::is_directory(directory), "{}: no such model directory", directory.string());
  const fs::path file = directory / "config.json";
  check(fs::exists(file), "{}: no model directory: it has no config.json", directory.string());
  const json config = read_json(file);
  check(config.is_object() && config.contains("model_type") && config["model_type"].is_string(),
        "{}: model_type: expected a string, got {}", file.string(), config.is_object() ? "none" : config.type_name());
  return config["model_type"];
}

bool is_grounding_dino(const std::string& type) { return type == "grounding-dino" || type == "mm-grounding-dino"; }

std::vector<std::string> tasks_of(const std::string& type) {
  if (is_grounding_dino(type)) return {"detect"};
  if (type == "llama") return {"generate"};
  return {};
}

[[noreturn]] void wrong_task(const fs::path& directory, const std::string& type, std::string_view task) {
  fail("{}: models of type \"{}\" do not {}; those that do: {}", directory.string(), type, task,
       task == "detect" ? "grounding-dino, mm-grounding-dino" : "llama");
}

}  // namespace

std::unique_ptr<Detector> load_detector(const fs::path& directory, const LoadOptions& options) {
  const std::string type = model_type_of(directory);
  if (is_grounding_dino(type))
    return std::make_unique<GroundingDinoPredictor>(
        directory, GroundingDinoPredictorOptions{.device = device_of(options.device),
                                                 .dtype = dtype_option(options.dtype).value_or(torch::kFloat32)});
  wrong_task(directory, type, "detect");
}

std::unique_ptr<LanguageModel> load_language_model(const fs::path& directory, const LoadOptions& options) {
  const std::string type = model_type_of(directory);
  if (type == "llama")
    return std::make_unique<LlamaPredictor>(
        directory, LlamaPredictorOptions{.device = device_of(options.device), .dtype = dtype_option(options.dtype)});
  wrong_task(directory, type, "generate");
}

ModelInfo inspect_model(const fs::path& directory) {
  ModelInfo info;
  info.model_type = model_type_of(directory);
  info.tasks = tasks_of(info.model_type);
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
  const fs::path partial = to.string() + ".partial";
  fs::remove_all(partial);
  fs::create_directories(partial);
  try {
    convert_grounding_dino(from, partial, config);
    fs::remove_all(to);
    fs::rename(partial, to);
  } catch (...) {
    fs::remove_all(partial);
    throw;
  }
}

}  // namespace omma
