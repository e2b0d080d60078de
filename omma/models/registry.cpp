// The models that omma knows: a row each.
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/blip/answerer.h"
#include "omma/models/blip/captioner.h"
#include "omma/models/blip/convert.h"
#include "omma/models/blip/matcher.h"
#include "omma/models/blip2/convert.h"
#include "omma/models/blip2/matcher.h"
#include "omma/models/blip2/tasks.h"
#include "omma/models/chat_tasks.h"
#include "omma/models/clip/matcher.h"
#include "omma/models/gguf/checkpoint.h"
#include "omma/models/glip/convert.h"
#include "omma/models/glip/key_table.h"
#include "omma/models/glip/predictor.h"
#include "omma/models/grounding_dino/convert.h"
#include "omma/models/grounding_dino/predictor.h"
#include "omma/models/language/predictor.h"
#include "omma/models/language_quantization.h"
#include "omma/models/llama/chat.h"
#include "omma/models/llava/chat.h"
#include "omma/models/llava/convert.h"
#include "omma/models/llava/original.h"
#include "omma/models/model_row.h"
#include "omma/models/sam/convert.h"
#include "omma/models/sam/key_table.h"
#include "omma/models/sam/predictor.h"
#include "omma/models/sam/quantize.h"
#include "omma/models/video_llava/chat.h"
#include "omma/models/video_llava/convert.h"
#include "omma/text/chat_template.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

template <class Task, class Predictor>
std::unique_ptr<Task> load_blip_as(const fs::path& directory, const LoadTarget& target) {
  return std::make_unique<Predictor>(load_blip(directory, {.device = target.device, .dtype = target.dtype_or_fp32()}));
}

template <class Task, class Predictor>
std::unique_ptr<Task> load_blip2_as(const fs::path& directory, const LoadTarget& target) {
  return std::make_unique<Predictor>(load_blip2_language(directory, {.device = target.device, .dtype = target.dtype}));
}

template <class Predictor, class Options>
std::unique_ptr<Detector> load_detector_as(const fs::path& directory, const LoadTarget& target) {
  return std::make_unique<Predictor>(directory, Options{.device = target.device, .dtype = target.dtype_or_fp32()});
}

// Without a template of their own they only go on with a text.
std::vector<std::string> llama_tasks(const json& /*config*/, const std::string& where) {
  std::vector<std::string> tasks = {"generate"};
  if (ChatTemplate::has_template(fs::path(where).parent_path())) tasks.emplace_back("chat");
  return tasks;
}

std::vector<std::string> gguf_tasks(const json& config, const std::string& /*where*/) {
  std::vector<std::string> tasks = {"generate"};
  if (config["has_chat_template"]) tasks.emplace_back("chat");
  return tasks;
}

// Of a file, which has no config.json: config_of() in load.cpp.
ModelRow gguf_row() {
  const auto options = [](const LoadTarget& target) { return LanguageOptions{.device = target.device, .dtype = target.dtype}; };
  return {.types = {"gguf"},
          .tasks = gguf_tasks,
          .language_model =
              [options](const fs::path& path, const LoadTarget& target) {
                return std::make_unique<LanguagePredictor>(load_gguf_language(find_gguf(path).value(), options(target)));
              },
          .chat_model =
              [options](const fs::path& path, const LoadTarget& target) {
                return std::make_unique<LlamaChat>(load_gguf_chat(find_gguf(path).value(), options(target), target.chat_template));
              }};
}

std::unique_ptr<LanguageModel> load_predictor(const fs::path& directory, const LoadTarget& target) {
  return std::make_unique<LanguagePredictor>(load_language(directory, {.device = target.device, .dtype = target.dtype}));
}

// Of LLaVA's kind: chat models that are captioners and answerers, too.
template <class Chat>
std::unique_ptr<ChatModel> load_visual_chat(const fs::path& directory, const LoadTarget& target) {
  LlavaOptions options{.device = target.device, .dtype = target.dtype};
  if (target.image_aspect) options.aspect = image_aspect_by_name(*target.image_aspect);
  return std::make_unique<Chat>(directory, options, target.chat_template);
}

template <class Chat>
ModelRow visual_chat_row(std::vector<std::string> types) {
  return {.types = std::move(types),
          .captioner =
              [](const fs::path& directory, const LoadTarget& target) {
                return std::make_unique<ChatCaptioner>(load_visual_chat<Chat>(directory, target));
              },
          .answerer =
              [](const fs::path& directory, const LoadTarget& target) {
                return std::make_unique<ChatAnswerer>(load_visual_chat<Chat>(directory, target));
              },
          .chat_model = load_visual_chat<Chat>};
}

void expect_no_pictures(const NextPicture& next) { check(!next(), "--pictures: a language model's weights need no calibration"); }

Quantized quantize_llama(const fs::path& from, const fs::path& to, const NextPicture& next) {
  expect_no_pictures(next);
  const fs::path file = from / "config.json";
  return quantize_language_layers(from, to, language_keys(read_llama_config(read_json(file), file.string())));
}

Quantized quantize_llava(const fs::path& from, const fs::path& to, const NextPicture& next) {
  expect_no_pictures(next);
  const fs::path file = from / "config.json";
  return quantize_language_layers(from, to, llava_keys(read_llava_config(read_json(file), file.string())));
}

Quantized quantize_video_llava(const fs::path& from, const fs::path& to, const NextPicture& next) {
  expect_no_pictures(next);
  const fs::path file = from / "config.json";
  return quantize_language_layers(from, to, video_llava_keys(read_video_llava_config(read_json(file), file.string())));
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
  rows.push_back({.types = {"blip-2"},
                  .tasks = blip2_tasks,
                  .architectures = {{"caption", "Blip2ForConditionalGeneration"},
                                    {"match", "Blip2ForImageTextRetrieval"},
                                    {"answer", "Blip2ForConditionalGeneration"}},
                  .captioner = load_blip2_as<Captioner, Blip2Captioner>,
                  .matcher =
                      [](const fs::path& directory, const LoadTarget& target) {
                        const Blip2Options options{.device = target.device, .dtype = target.dtype_or_fp32()};
                        return std::make_unique<Blip2Matcher>(load_blip2(directory, options));
                      },
                  .answerer = load_blip2_as<Answerer, Blip2Answerer>,
                  .is_original = [](const ConversionSource& source) { return is_original_blip2(source.file); },
                  .convert = convert_blip2,
                  .converts_parts = true});
  rows.push_back({.types = {"instructblip"},
                  .captioner = load_blip2_as<Captioner, Blip2Captioner>,
                  .answerer = load_blip2_as<Answerer, Blip2Answerer>});
  rows.push_back({.types = {"clip"}, .matcher = [](const fs::path& directory, const LoadTarget& target) {
                    const ClipOptions options{.device = target.device, .dtype = target.dtype_or_fp32()};
                    return std::make_unique<ClipMatcher>(directory, options);
                  }});
  rows.push_back({.types = {"llama", "mistral"},
                  .tasks = llama_tasks,
                  .language_model = load_predictor,
                  .chat_model =
                      [](const fs::path& directory, const LoadTarget& target) {
                        const LanguageOptions options{.device = target.device, .dtype = target.dtype};
                        return std::make_unique<LlamaChat>(directory, options, target.chat_template);
                      },
                  .quantize = quantize_llama});
  rows.push_back(gguf_row());
  rows.push_back({.types = {"opt", "t5"}, .language_model = load_predictor});
  ModelRow llava = visual_chat_row<LlavaChat>({"llava", "llava_next"});
  llava.is_original = [](const ConversionSource& source) { return is_original_llava(source); };
  llava.convert = convert_llava;
  llava.converts_parts = true;
  llava.is_original_config = is_original_config;
  llava.keys = llava_keys(LlavaConfig());
  llava.quantize = quantize_llava;
  rows.push_back(std::move(llava));
  ModelRow video_llava = visual_chat_row<VideoLlavaChat>({"video_llava"});
  video_llava.is_original = is_original_video_llava;
  video_llava.convert = convert_video_llava;
  video_llava.converts_parts = true;
  video_llava.is_original_config = is_original_video_config;
  video_llava.keys = video_llava_keys(LlavaConfig());
  video_llava.quantize = quantize_video_llava;
  rows.push_back(std::move(video_llava));
  rows.push_back({.types = {"glip"},
                  .detector = load_detector_as<glip::Predictor, glip::PredictorOptions>,
                  .is_original = [](const ConversionSource& source) { return glip::original_prefix(source.file).has_value(); },
                  .convert = glip::convert,
                  .reads_settings = true});
  rows.push_back({.types = {"grounding-dino", "mm-grounding-dino"},
                  .detector = load_detector_as<grounding_dino::Predictor, grounding_dino::PredictorOptions>,
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
