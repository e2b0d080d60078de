// A row of the registry: what a model type is called, what it can do, how it is loaded and converted.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/models/conversion.h"
#include "omma/models/quantization.h"
#include "omma/nn/torch.h"
#include "omma/nn/weights.h"
#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/chat_model.h"
#include "omma/tasks/detector.h"
#include "omma/tasks/language_model.h"
#include "omma/tasks/matcher.h"
#include "omma/tasks/segmenter.h"

namespace omma {

struct LoadTarget {
  torch::Device device = torch::kCPU;
  std::optional<torch::Dtype> dtype;       // none: the model's own choice
  std::optional<double> enlargement = {};  // likewise
  std::string chat_template = {};          // "": the model's own
  std::optional<std::string> image_aspect = {};

  torch::Dtype dtype_or_fp32() const { return dtype.value_or(torch::kFloat32); }
};

template <class Task>
using Loader = std::function<std::unique_ptr<Task>(const std::filesystem::path& directory, const LoadTarget& target)>;

struct ModelRow {
  std::vector<std::string> types;  // of config.json's model_type

  // Which of the tasks below a config is for, where one type has models for several ("caption", "match", "answer", "detect",
  // "segment", "generate", "chat"), and what these are called. Without, it is for all that have a loader.
  std::function<std::vector<std::string>(const json& config, const std::string& where)> tasks = {};
  std::map<std::string, std::string> architectures = {};  // task to a name for messages

  Loader<Captioner> captioner = {};
  Loader<Matcher> matcher = {};
  Loader<Answerer> answerer = {};
  Loader<Detector> detector = {};
  Loader<Segmenter> segmenter = {};
  Loader<LanguageModel> language_model = {};
  Loader<ChatModel> chat_model = {};

  // Of an original checkpoint: whether it is this model's, and its writer. A row with a converter alone takes what no other does.
  std::function<bool(const ConversionSource& source)> is_original = {};
  std::function<void(const ConversionSource& source, const std::filesystem::path& to)> convert = {};
  bool converts_parts = false;  // also what is no whole model, with its base
  bool reads_settings = false;  // of a YAML file
  // Whether a directory's config.json is an authors' own, which is converted before it is loaded.
  std::function<bool(const json& config)> is_original_config = {};

  // The names of weights to the module's, where an adapter may name them in other ways than its base.
  KeyTable keys = {};

  // Into an existing directory the model of another, with int8 layers, calibrated on pictures.
  std::function<Quantized(const std::filesystem::path& from, const std::filesystem::path& to, const NextPicture& next)> quantize =
      {};
};

// The table: models/registry.cpp, and what was added.
std::span<const ModelRow> model_rows();

// One more model, for programs that bring their own; before any is loaded, on one thread.
void add_model_row(ModelRow row);

}  // namespace omma
