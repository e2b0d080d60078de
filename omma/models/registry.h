// From a model directory to the predictor that serves a task.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/chat_model.h"
#include "omma/tasks/detector.h"
#include "omma/tasks/language_model.h"
#include "omma/tasks/matcher.h"
#include "omma/tasks/segmenter.h"

namespace omma {

struct LoadOptions {
  std::string device = "auto";  // auto (CUDA where there is one), cpu, cuda, cuda:N
  std::string dtype = "auto";   // auto (fp32; language models of a billion parameters and more keep theirs, on a CPU bf16 for fp16;
                                // around layers of 8-bit numbers on a CPU bf16 where it has products of it), fp32, bf16, fp16
  std::string chat_template = {};  // of chat models: a name or file as find_chat_template() takes it; "": the model's own
  std::optional<std::string> image_aspect = {};  // of LLaVA: crop, pad or anyres; none: as the directory says
  std::optional<double> enlargement = {};  // of segmenters: how much larger they see parts of the picture; none: the model's own
};

// Throw std::invalid_argument naming the file and field for a directory that is no model, is broken, or serves another task.
std::unique_ptr<Captioner> load_captioner(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<Matcher> load_matcher(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<Answerer> load_answerer(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<Detector> load_detector(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<Segmenter> load_segmenter(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<ChatModel> load_chat_model(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<LanguageModel> load_language_model(const std::filesystem::path& directory, const LoadOptions& options = {});

// Throws likewise unless the directory's config.json is that of a model for the task, one of those below. Reads no weights.
void expect_task(const std::filesystem::path& directory, std::string_view task);

// What find_model() finds by the name; without one the zoo's model for the task: as its defaults.json says ({"detect":
// "grounding-dino-nano", ...}), or where it has none, the first that can.
std::filesystem::path find_model_for(std::string_view task, std::string_view name = "");

// Whether that would find one without a name.
bool zoo_has_model_for(std::string_view task);

struct ModelInfo {
  std::string model_type;
  std::vector<std::string> tasks;  // "caption", "match", "answer", "detect", "segment", "generate", "chat"
  std::int64_t parameters = 0;     // elements of the files' tensors
  std::string dtype;               // of most of them: "float32"
  std::int64_t bytes = 0;          // of the weights
};
ModelInfo inspect_model(const std::filesystem::path& directory);
json to_json(const ModelInfo& info);

// Writes a model directory from an original checkpoint file, or from a directory (which changes nothing but the names). `config`
// is the config.json to use where the file does not tell the model's size by itself, `base` (FILE, DIR or ID) what a checkpoint
// that is no whole model belongs to, where it is another than it names, `vision` (FILE or DIR) the picture encoder that it lacks.
// The directory `to` must be absent or empty; after a failure it holds nothing. Throws std::invalid_argument.
void convert_model(const std::filesystem::path& from, const std::filesystem::path& to,
                   const std::optional<std::filesystem::path>& config = {}, const std::string& base = "",
                   const std::filesystem::path& vision = {});

}  // namespace omma
