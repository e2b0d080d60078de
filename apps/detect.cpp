// omma detect: text to boxes.
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "apps/clip_arguments.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/detect_clip.h"
#include "apps/detections.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/io/image_file.h"
#include "omma/io/video_writer.h"
#include "omma/models/zoo.h"
#include "omma/tasks/detector.h"
#include "omma/text/noun_phrases.h"
#include "omma/vision/draw.h"

namespace omma::app {
namespace {

struct DetectOptions : CommonOptions {
  std::vector<std::string> images;
  std::vector<std::string> phrases;
  std::string caption, sentence;
  std::optional<float> box_threshold, text_threshold, nms;
  ClipFlags clips;
  std::optional<double> every;
  int batch = 1;
  bool no_labels = false;
};

void print_text(const NamedImage& named, const DetectionResult& result) {
  print("{} ({} x {})\n", named.path.string(), named.image.width, named.image.height);
  print_detections(result);
}

void print_json(const std::filesystem::path& model, const NamedImage& named, const DetectionResult& result, double load_ms,
                const json& told) {
  json line = image_line(model, named);
  line.update(told);
  line["detections"] = detections_json(result);
  line["timing_ms"] = timing_json(load_ms, result.timing);
  print_line(line);
}

void write_overlay(const std::filesystem::path& file, const Image& image, const DetectionResult& result, bool labels) {
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  write_image(file, overlay_of(image, boxes_of(result, labels)));
}

// The sentence's noun phrases, each once; they are told, as nobody wrote them down.
std::vector<std::string> phrases_of(const DetectOptions& options) {
  std::vector<std::string> phrases;
  for (const NounPhrase& phrase : noun_phrases(options.sentence))
    if (std::ranges::count(phrases, phrase.text) == 0) phrases.push_back(phrase.text);
  check(!phrases.empty(), "--sentence: no thing to look for in \"{}\"; [a thing] in brackets marks one", options.sentence);
  if (!options.json) write_stderr(fmt::format("omma: looks for: {}\n", fmt::join(phrases, ", ")));
  return phrases;
}

DetectionPrompt prompt_of(const DetectOptions& options) {
  const int given = (options.phrases.empty() ? 0 : 1) + (options.caption.empty() ? 0 : 1) + (options.sentence.empty() ? 0 : 1);
  check(given == 1, "detect: expected either --phrase (one or more), --caption or --sentence");
  if (!options.sentence.empty()) return {.phrases = phrases_of(options), .caption = {}};
  DetectionPrompt prompt{.phrases = options.phrases, .caption = {}};
  if (!options.caption.empty()) prompt.caption = options.caption;
  return prompt;
}

// A result for each: a clip of one alone, if its name ends in .mp4, else pictures and clips in a folder.
std::vector<std::filesystem::path> result_files(const DetectOptions& options, const std::vector<std::filesystem::path>& paths,
                                                const InputPaths& inputs) {
  const auto is_a_clip = [&](const std::filesystem::path& path) { return is_clip(path, options.clips); };
  if (paths.size() == 1 && is_a_clip(paths.front()) && std::filesystem::path(options.out).has_extension() &&
      !std::filesystem::is_directory(options.out)) {
    expect_video_name(options.out);
    expect_output_file(inputs, options.out);
    return {options.out};
  }
  std::vector<std::string> endings;
  for (const auto& path : paths) endings.push_back(is_a_clip(path) ? ".mp4" : ".png");
  return overlay_files(options.out, paths, inputs, endings);
}

int run_detect(const DetectOptions& options) {
  apply(options);
  const DetectionPrompt prompt = prompt_of(options);
  const json told = options.sentence.empty() ? json::object() : json{{"phrases", prompt.phrases}};
  const auto paths = expand_seen(options.images, options.clips);
  const auto model = find_model_for("detect", options.model);
  InputPaths inputs = picture_inputs(options.images, paths);
  inputs.add_folder(model);
  const std::vector<std::filesystem::path> overlays = result_files(options, paths, inputs);
  Stopwatch watch;
  const std::unique_ptr<Detector> detector = load_detector(model, load_options(options));
  const double load_ms = watch.lap();
  const DetectionOptions thresholds{
      .box_threshold = options.box_threshold, .text_threshold = options.text_threshold, .nms = options.nms};

  const auto in_pictures = [&](std::vector<NamedImage>& group) {
    const auto results = detector->detect(images_of(group), prompt, thresholds);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (options.json)
        print_json(model, group[i], results[i], load_ms, told);
      else
        print_text(group[i], results[i]);
      if (!overlays.empty()) write_overlay(overlays[group[i].index], group[i].image, results[i], !options.no_labels);
    }
  };
  int clip_status = kDone;
  const auto in_clip = [&](const std::filesystem::path& path, std::size_t index) {
    if (clip_status != kDone) return;  // stopped by a signal
    clip_status = detect_in_clip(*detector, {.model = model,
                                             .clip = path,
                                             .out = overlays.empty() ? std::filesystem::path() : overlays[index],
                                             .every = options.every,
                                             .flags = options.clips,
                                             .prompt = prompt,
                                             .thresholds = thresholds,
                                             .labels = !options.no_labels,
                                             .as_json = options.json,
                                             .batch = options.batch,
                                             .load_ms = load_ms,
                                             .told = told});
  };
  const int status = for_each_batch(paths, options.batch, options, in_pictures,
                                    {.takes = [&](const auto& path) { return is_clip(path, options.clips); }, .body = in_clip});
  return clip_status != kDone ? clip_status : status;
}

}  // namespace

void add_detect(CLI::App& app) {
  auto options = std::make_shared<DetectOptions>();
  CLI::App& command = *app.add_subcommand("detect", "find what a text names in pictures and clips: boxes, labels, scores");
  command.add_option("IMAGE|VIDEO", options->images, kImagesAndVideos)->required()->type_name("");
  command.add_option("--phrase", options->phrases, "a thing to look for; repeat for several")
      ->allow_extra_args(false)
      ->type_name("P");
  command.add_option("--caption", options->caption, "free text: \"a cat. a dog.\"")->type_name("TEXT");
  command
      .add_option("--sentence", options->sentence,
                  "what people write: \"Find the person and the kite.\" Its noun phrases are looked for, or those in [brackets]")
      ->type_name("TEXT");
  command.add_option("--box-threshold", options->box_threshold, "least score of a detection (default: the model's, else .35)")
      ->type_name("X");
  command
      .add_option("--text-threshold", options->text_threshold,
                  "least score of a word of a caption's label (default: the model's, else .25)")
      ->type_name("X");
  command.add_option("--nms", options->nms, "suppress boxes that overlap a better one by more than this IoU (default: none are)")
      ->type_name("T");
  command
      .add_option("--every", options->every, "of clips: seconds between the frames that are looked at (default: every frame is)")
      ->type_name("SECONDS");
  add_clip_flags(command, options->clips);
  add_batch_flag(command, options->batch);
  add_overlay_flags(command, *options, options->no_labels,
                    "picture (.png, .jpg) or clip (.mp4) with boxes, or a directory for one of each");
  add_model_flags(command, *options);
  add_command(command, "omma detect photo.jpg --phrase \"red car\" --phrase dog --out boxes.png",
              [options] { return run_detect(*options); });
}

}  // namespace omma::app
