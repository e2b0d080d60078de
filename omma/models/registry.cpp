// The models that omma knows: a row each.
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/blip/answerer.h"
#include "omma/models/blip/captioner.h"
#include "omma/models/blip/convert.h"
#include "omma/models/blip/matcher.h"
#include "omma/models/chat_tasks.h"
#include "omma/models/clip/matcher.h"
#include "omma/models/grounding_dino/convert.h"
#include "omma/models/grounding_dino/predictor.h"
#include "omma/models/language_quantization.h"
#include "omma/models/llama/chat.h"
#include "omma/models/llama/predictor.h"
#include "omma/models/llava/chat.h"
#include "omma/models/llava/convert.h"
#include "omma/models/llava/original.h"
#include "omma/models/model_row.h"
#include "omma/models/sam/convert.h"
#include "omma/models/sam/key_table.h"
#include "omma/models/sam/predictor.h"
#include "omma/models/sam/quantize.h"
#include "omma/text/chat_template.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

template <class Task, class Predictor>
std::unique_ptr<Task> load_blip_as(const fs::path& directory, const LoadTarget& target) {
  return std::make_unique<Predictor>(load_blip(directory, {.device = target.device, .dtype = target.dtype_or_fp32()}));
}

// Without a template of their own they only go on with a text.
std::vector<std::string> llama_tasks(const json& /*config*/, const std::string& where) {
  std::vector<std::string> tasks = {"generate"};
  if (ChatTemplate::has_template(fs::path(where).parent_path())) tasks.emplace_back("chat");
  return tasks;
}

std::unique_ptr<ChatModel> load_llava_chat(const fs::path& directory, const LoadTarget& target) {
  LlavaOptions options{.device = target.device, .dtype = target.dtype};
  if (target.image_aspect) options.aspect = image_aspect_by_name(*target.image_aspect);
  return std::make_unique<LlavaChat>(directory, options, target.chat_template);
}

void expect_no_pictures(const NextPicture& next) { check(!next(), "--pictures: a language model's weights need no calibration"); }

Quantized quantize_llama(const fs::path& from, const fs::path& to, const NextPicture& next) {
  expect_no_pictures(next);
  const fs::path file = from / "config.json";
  return quantize_language_layers(from, to, llama_keys(read_llama_config(read_json(file), file.string())));
}

Quantized quantize_llava(const fs::path& from, const fs::path& to, const NextPicture& next) {
  expect_no_pictures(next);
  const fs::path file = from / "config.json";
  return quantize_language_layers(from, to, llava_keys(read_llava_config(read_json(file), file.string())));
}

std::vector<ModelRow> known_models() {
  std::vector<ModelRow> rows;
  rows.push_back({.types = {"blip"},
                  .tasks = blip_tasks,
                  .architectures = {{"caption", "BlipForConditionalGeneration"},
                                    {"match", "BlipForImageTextRetrieval"},
                                    {"answer", "BlipForQuestionAnswering"}},
                  .captioner = load_blip_as<Captioner, BlipCaptioner>,
                  .matcher = load_blip_as<Matcher, BlipMatcher>,
                  .answerer = load_blip_as<Answerer, BlipAnswerer>,
                  .is_original = [](const ConversionSource& source) { return original_blip_prefix(source.file).has_value(); },
                  .convert = convert_blip});
  rows.push_back({.types = {"clip"}, .matcher = [](const fs::path& directory, const LoadTarget& target) {
                    const ClipOptions options{.device = target.device, .dtype = target.dtype_or_fp32()};
                    return std::make_unique<ClipMatcher>(directory, options);
                  }});
  rows.push_back({.types = {"llama", "mistral"},
                  .tasks = llama_tasks,
                  .language_model =
                      [](const fs::path& directory, const LoadTarget& target) {
                        const LlamaPredictorOptions options{.device = target.device, .dtype = target.dtype};
                        return std::make_unique<LlamaPredictor>(directory, options);
                      },
                  .chat_model =
                      [](const fs::path& directory, const LoadTarget& target) {
                        const LlamaPredictorOptions options{.device = target.device, .dtype = target.dtype};
                        return std::make_unique<LlamaChat>(directory, options, target.chat_template);
                      },
                  .quantize = quantize_llama});
  rows.push_back(
      {.types = {"llava", "llava_next"},
       .captioner = [](const fs::path& directory,
                       const LoadTarget& target) { return std::make_unique<ChatCaptioner>(load_llava_chat(directory, target)); },
       .answerer = [](const fs::path& directory,
                      const LoadTarget& target) { return std::make_unique<ChatAnswerer>(load_llava_chat(directory, target)); },
       .chat_model = load_llava_chat,
       .is_original = [](const ConversionSource& source) { return is_original_llava(source); },
       .convert = convert_llava,
       .converts_parts = true,
       .is_original_config = is_original_config,
       .keys = llava_keys(LlavaConfig()),
       .quantize = quantize_llava});
  rows.push_back({.types = {"grounding-dino", "mm-grounding-dino"},
                  .detector =
                      [](const fs::path& directory, const LoadTarget& target) {
                        const grounding_dino::PredictorOptions options{.device = target.device, .dtype = target.dtype_or_fp32()};
                        return std::make_unique<grounding_dino::Predictor>(directory, options);
                      },
                  .convert = grounding_dino::convert});
  rows.push_back({.types = {"sam"},
                  .segmenter =
                      [](const fs::path& directory, const LoadTarget& target) {
                        const sam::PredictorOptions options{.device = target.device, .dtype = target.dtype};
                        return sam::load_predictor(directory, options, target.enlargement);
                      },
                  .is_original = [](const ConversionSource& source) { return sam::is_original(source.file); },
                  .convert = sam::convert,
                  .quantize = sam::quantize});
  return rows;
}

std::vector<ModelRow>& rows() {
  static std::vector<ModelRow> all = known_models();
  return all;
}

}  // namespace

std::span<const ModelRow> model_rows() { return rows(); }

void add_model_row(ModelRow row) { rows().push_back(std::move(row)); }

}  // namespace omma
