// omma detect: text to boxes.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/io/image_file.h"
#include "omma/models/zoo.h"
#include "omma/tasks/detector.h"
#include "omma/vision/draw.h"

namespace omma::app {
namespace {

struct DetectOptions : CommonOptions {
  std::vector<std::string> images;
  std::vector<std::string> phrases;
  std::string caption;
  std::optional<float> box_threshold, text_threshold, nms;
  int batch = 1;
  bool no_labels = false;
};

json detection_json(const Detection& detection) {
  const Box& box = detection.box;
  return {{"label", detection.label},
          {"phrase_index", detection.phrase_index ? json(*detection.phrase_index) : json()},
          {"score", detection.score},
          {"box", {box.x0, box.y0, box.x1, box.y1}}};
}

void print_text(const NamedImage& named, const DetectionResult& result) {
  print("{} ({} x {})\n", named.path.string(), named.image.width, named.image.height);
  if (result.detections.empty()) print("  nothing found\n");
  for (const Detection& detection : result.detections)
    print("  {:.3f}  {:<24} [{:.1f}, {:.1f}, {:.1f}, {:.1f}]\n", detection.score, detection.label, detection.box.x0,
          detection.box.y0, detection.box.x1, detection.box.y1);
}

void print_json(const std::filesystem::path& model, const NamedImage& named, const DetectionResult& result, double load_ms) {
  json detections = json::array();
  for (const Detection& detection : result.detections) detections.push_back(detection_json(detection));
  json line = image_line(model, named);
  line["detections"] = std::move(detections);
  line["timing_ms"] = timing_json(load_ms, result.timing);
  print_line(line);
}

void write_overlay(const std::filesystem::path& file, const Image& image, const DetectionResult& result, bool labels) {
  std::vector<LabelledBox> boxes;
  for (const Detection& detection : result.detections)
    boxes.push_back({.box = detection.box,
                     .label = labels ? detection.label : "",
                     .score = detection.score,
                     .color = detection.phrase_index.value_or(static_cast<int>(boxes.size()))});
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  write_image(file, overlay_of(image, boxes));
}

DetectionPrompt prompt_of(const DetectOptions& options) {
  check(options.phrases.empty() != options.caption.empty(), "detect: expected either --phrase (one or more) or --caption");
  DetectionPrompt prompt{.phrases = options.phrases, .caption = {}};
  if (!options.caption.empty()) prompt.caption = options.caption;
  return prompt;
}

int run_detect(const DetectOptions& options) {
  apply(options);
  const DetectionPrompt prompt = prompt_of(options);
  const auto paths = expand_images(options.images);
  const auto model = find_model_for("detect", options.model);
  InputPaths inputs = picture_inputs(options.images, paths);
  inputs.add_folder(model);
  const std::vector<std::filesystem::path> overlays = overlay_files(options.out, paths, inputs);
  Stopwatch watch;
  const std::unique_ptr<Detector> detector = load_detector(model, load_options(options));
  const double load_ms = watch.lap();
  const DetectionOptions thresholds{
      .box_threshold = options.box_threshold, .text_threshold = options.text_threshold, .nms = options.nms};

  return for_each_batch(paths, options.batch, options, [&](std::vector<NamedImage>& group) {
    const auto results = detector->detect(images_of(group), prompt, thresholds);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (options.json)
        print_json(model, group[i], results[i], load_ms);
      else
        print_text(group[i], results[i]);
      if (!overlays.empty()) write_overlay(overlays[group[i].index], group[i].image, results[i], !options.no_labels);
    }
  });
}

}  // namespace

void add_detect(CLI::App& app) {
  auto options = std::make_shared<DetectOptions>();
  CLI::App& command = *app.add_subcommand("detect", "find what a text names: boxes, labels, scores");
  command.add_option("IMAGE", options->images, kImages)->required()->type_name("");
  command.add_option("--phrase", options->phrases, "a thing to look for; repeat for several")
      ->allow_extra_args(false)
      ->type_name("P");
  command.add_option("--caption", options->caption, "free text: \"a cat. a dog.\"")->type_name("TEXT");
  command.add_option("--box-threshold", options->box_threshold, "least score of a detection (default: the model's, else .35)")
      ->type_name("X");
  command
      .add_option("--text-threshold", options->text_threshold,
                  "least score of a word of a caption's label (default: the model's, else .25)")
      ->type_name("X");
  command.add_option("--nms", options->nms, "suppress boxes that overlap a better one by more than this IoU (default: none are)")
      ->type_name("T");
  add_batch_flag(command, options->batch);
  add_overlay_flags(command, *options, options->no_labels,
                    "picture with boxes (.png, .jpg), or a directory for one of each picture");
  add_model_flags(command, *options);
  add_command(command, "omma detect photo.jpg --phrase \"red car\" --phrase dog --out boxes.png",
              [options] { return run_detect(*options); });
}

}  // namespace omma::app
