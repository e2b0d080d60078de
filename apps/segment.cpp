// omma segment: points, boxes, masks and words to masks, or everything in a picture.
#include <memory>
#include <optional>

#include "apps/automatic_flags.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "apps/segment_prompts.h"
#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/base/stopwatch.h"
#include "omma/data/annotation_writer.h"
#include "omma/io/image_file.h"
#include "omma/models/zoo.h"
#include "omma/tasks/detector.h"
#include "omma/tasks/segmenter.h"
#include "omma/vision/draw.h"

namespace omma::app {
namespace {

struct SegmentOptions : CommonOptions {
  std::vector<std::string> images;
  PromptFlags prompts;
  std::vector<std::string> texts;
  std::string detector;
  std::optional<float> box_threshold;
  bool multimask = false, everything = false, no_labels = false, polygons = false;
  AutomaticFlags automatic;
  std::string embedding, save_embedding, format;
};

// A mask with what it answers.
struct FoundMask {
  SegmentedMask mask;
  int object = 0;                                  // place among the prompts
  std::optional<Detection> detection = {};         // of a text
  std::optional<std::array<float, 2>> point = {};  // of automatic masks
  std::optional<Box> crop = {};
};

json box_json(const Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

json mask_json(const FoundMask& found) {
  const SegmentedMask& mask = found.mask;
  json line = {{"rle", rle_json(mask.mask)},          {"box", box_json(mask.box)},   {"area", area(mask.mask)},
               {"predicted_iou", mask.predicted_iou}, {"stability", mask.stability}, {"object", found.object}};
  if (found.detection) {
    line["label"] = found.detection->label;
    line["phrase_index"] = found.detection->phrase_index ? json(*found.detection->phrase_index) : json();
    line["score"] = found.detection->score;
  }
  if (found.point) line["point"] = *found.point;
  if (found.crop) line["crop_box"] = box_json(*found.crop);
  return line;
}

// What answering took; `detect` is the detector's part, which has boxes made of texts.
struct SegmentTiming : Timing {
  std::optional<double> detect = {};
};

void print_text(const NamedImage& named, const std::vector<FoundMask>& masks, const SegmentTiming& timing) {
  print("{} ({} x {}): {} mask{}, encoder {:.0f} ms, decoder {:.0f} ms{}\n", named.path.string(), named.image.width,
        named.image.height, masks.size(), masks.size() == 1 ? "" : "s", timing.encode, timing.decode,
        timing.detect ? fmt::format(", detector {:.0f} ms", *timing.detect) : "");
  for (const FoundMask& found : masks) {
    const Box& box = found.mask.box;
    print("  {:<24} iou {:.3f}  stability {:.3f}  {:>8} px  [{:.0f}, {:.0f}, {:.0f}, {:.0f}]\n",
          found.detection ? found.detection->label : fmt::format("object {}", found.object), found.mask.predicted_iou,
          found.mask.stability, area(found.mask.mask), box.x0, box.y0, box.x1, box.y1);
  }
}

// Large masks first, so that small ones stay visible.
void write_overlay(const std::filesystem::path& file, const Image& image, const std::vector<FoundMask>& masks, bool labels) {
  Image overlay = image;
  std::vector<std::size_t> order(masks.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return area(masks[i].mask.mask); });
  std::vector<LabelledBox> boxes;
  for (const std::size_t i : order) {
    const int color = masks[i].detection ? masks[i].detection->phrase_index.value_or(masks[i].object) : static_cast<int>(i);
    draw_mask(overlay, decode(masks[i].mask.mask), color);
    if (masks[i].detection)
      boxes.push_back({.box = masks[i].mask.box,
                       .label = labels ? masks[i].detection->label : "",
                       .score = masks[i].detection->score,
                       .color = color});
  }
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  write_image(file, overlay_of(overlay, boxes));
}

std::vector<std::string> classes_of(const SegmentOptions& options) {
  return options.texts.empty() ? std::vector<std::string>{"object"} : options.texts;
}

AnnotatedPicture annotated(const NamedImage& named, const std::string& name, const std::vector<FoundMask>& masks) {
  AnnotatedPicture picture{.index = static_cast<std::int64_t>(named.index),
                           .file_name = named.path.filename().string(),
                           .name = name,
                           .width = named.image.width,
                           .height = named.image.height};
  for (const FoundMask& found : masks) {
    AnnotatedObject& object = picture.objects.emplace_back();
    object.class_index = found.detection ? found.detection->phrase_index.value_or(0) : 0;
    object.box = found.mask.box;
    object.mask = found.mask.mask;
    if (found.detection) object.score = found.detection->score;
    object.predicted_iou = found.mask.predicted_iou;
    object.stability = found.mask.stability;
    object.point = found.point;
    object.crop_box = found.crop;
  }
  return picture;
}

bool writes_logits(const SegmentOptions& options) { return std::filesystem::path(options.out).extension() == ".safetensors"; }

// What the models and the flags give for one picture.
class Segmentation {
 public:
  explicit Segmentation(const SegmentOptions& options)
      : options_(options), prompts_(read_prompts(options.prompts)), model_(find_model_for("segment", options.model)) {}

  const std::filesystem::path& model() const { return model_; }
  const std::vector<SegmentationPrompt>& prompts() const { return prompts_; }

  void load() {
    segmenter_ = load_segmenter(model_, options_.automatic.over(load_options(options_)));
    if (!options_.texts.empty()) detector_ = load_detector(find_model_for("detect", options_.detector), load_options(options_));
  }

  std::vector<FoundMask> operator()(const Image& image, SegmentTiming& timing) {
    if (options_.everything) return everything(image, timing);
    Stopwatch watch;
    const auto embedding =
        options_.embedding.empty() ? segmenter_->encode_image(image) : segmenter_->load_embedding(options_.embedding, image);
    timing.encode = watch.lap();
    if (!options_.save_embedding.empty()) segmenter_->save_embedding(*embedding, options_.save_embedding);
    std::vector<SegmentationPrompt> prompts = prompts_;
    const std::vector<Detection> detections = detect(image, timing);
    for (const Detection& detection : detections) prompts.push_back({.points = {}, .box = detection.box, .mask = {}});
    if (prompts.empty()) return {};
    SegmentationResult result =
        segmenter_->segment_encoded(*embedding, prompts, {.multimask = options_.multimask, .logits = writes_logits(options_)});
    timing.encode += result.timing.preprocess + result.timing.encode;
    timing.decode += result.timing.decode;
    std::vector<FoundMask> found;
    for (std::size_t i = 0; i < prompts.size(); ++i)
      for (SegmentedMask& mask : result.objects[i]) {
        found.push_back({.mask = std::move(mask), .object = static_cast<int>(i)});
        if (i >= prompts_.size()) found.back().detection = detections[i - prompts_.size()];
      }
    return found;
  }

 private:
  std::vector<Detection> detect(const Image& image, SegmentTiming& timing) {
    if (!detector_) return {};
    auto results = detector_->detect({&image, 1}, {.phrases = options_.texts, .caption = {}},
                                     {.box_threshold = options_.box_threshold, .text_threshold = {}, .nms = {}});
    const Timing& detector = results[0].timing;
    timing.detect = detector.preprocess + detector.encode + detector.decode;
    std::erase_if(results[0].detections, [](const Detection& each) { return !(each.box.area() > 0); });
    return std::move(results[0].detections);
  }

  std::vector<FoundMask> everything(const Image& image, SegmentTiming& timing) {
    std::optional<Progress> progress;
    const AutomaticMaskOptions automatic = options_.automatic.over(segmenter_->automatic_defaults());
    AutomaticMaskResult result = segmenter_->segment_everything(image, automatic, [&](std::int64_t, std::int64_t total) {
      if (!progress) progress.emplace("batches of points", total);
      progress->advance();
    });
    static_cast<Timing&>(timing) = result.timing;
    std::vector<FoundMask> found;
    for (AutomaticMask& mask : result.masks)
      found.push_back({.mask = std::move(static_cast<SegmentedMask&>(mask)),
                       .object = static_cast<int>(found.size()),
                       .detection = {},
                       .point = std::array{mask.point_x, mask.point_y},
                       .crop = mask.crop_box});
    return found;
  }

  const SegmentOptions& options_;
  std::vector<SegmentationPrompt> prompts_;
  std::filesystem::path model_;
  std::unique_ptr<Segmenter> segmenter_;
  std::unique_ptr<Detector> detector_;
};

void expect_consistent(const SegmentOptions& options, std::size_t prompts, std::size_t pictures) {
  const bool asked = prompts > 0 || !options.texts.empty();
  check(asked != options.everything, "segment: expected points, boxes, a mask or --text, or --everything alone");
  const bool one_picture = prompts > 0 || !options.embedding.empty() || !options.save_embedding.empty() || writes_logits(options);
  check(!one_picture || pictures == 1,
        "segment: points, boxes, masks and embeddings are of one picture: expected one IMAGE, got {}", pictures);
  check(!options.everything || (options.embedding.empty() && options.save_embedding.empty()),
        "segment: --everything encodes each crop anew: expected it without --embedding and --save-embedding");
  check(!options.everything || !writes_logits(options), "segment: --out FILE.safetensors: logits are kept of prompts only");
  check(options.format.empty() || !options.out.empty(), "segment: --format: expected a folder with --out");
  check(!options.polygons || options.format == "coco", "segment: --polygons: expected --format coco with it");
  const auto place = [](const std::string& file) { return std::filesystem::weakly_canonical(file); };
  check(options.out.empty() || options.save_embedding.empty() || place(options.out) != place(options.save_embedding),
        "segment: --save-embedding and --out name one file: {}", options.out);
}

void write_logits(const std::string& file, const std::vector<FoundMask>& masks) {
  std::vector<const MaskLogits*> logits;
  for (const FoundMask& found : masks) logits.push_back(&found.mask.logits);
  write_mask_logits(file, logits);
}

void print_json(const Segmentation& segmentation, const NamedImage& named, const std::vector<FoundMask>& masks, double load_ms,
                const SegmentTiming& timing) {
  json line = image_line(segmentation.model(), named);
  line["masks"] = json::array();
  for (const FoundMask& found : masks) line["masks"].push_back(mask_json(found));
  line["timing_ms"] = timing_json(load_ms, timing);
  if (timing.detect) line["timing_ms"]["detect"] = *timing.detect;
  print_line(line);
}

// Where the masks of each picture go beside stdout.
class MaskFiles {
 public:
  // Throws std::invalid_argument where they would take the place of inputs.
  MaskFiles(const SegmentOptions& options, const std::vector<std::filesystem::path>& pictures, const InputPaths& inputs)
      : options_(options) {
    expect_output_file(inputs, options.save_embedding);
    if (writes_logits(options)) {
      expect_output_file(inputs, options.out);
    } else if (!options.format.empty()) {
      expect_output_folder(inputs, options.out);
      names_ = result_names(pictures);
      writer_ = open_annotation_writer(options.format, {.out = options.out,
                                                        .classes = classes_of(options),
                                                        .masks = options.polygons ? MaskForm::polygons : MaskForm::run_lengths});
    } else {
      overlays_ = overlay_files(options.out, pictures, inputs);
    }
  }

  void write(const NamedImage& named, const std::vector<FoundMask>& masks) {
    if (writes_logits(options_)) write_logits(options_.out, masks);
    if (!overlays_.empty()) write_overlay(overlays_[named.index], named.image, masks, !options_.no_labels);
    if (!writer_) return;
    const AnnotatedPicture picture = annotated(named, names_[named.index], masks);
    try {
      writer_->write_picture(picture, named.path);
    } catch (const std::invalid_argument& error) {  // more than the format can hold
      tell_unreadable(named.path, error, options_);
      left_out_ = true;
      return;
    }
    writer_->add(picture);
  }

  // Returns whether all pictures are in.
  bool finish() {
    if (writer_) writer_->finish();
    return !left_out_;
  }

 private:
  const SegmentOptions& options_;
  std::vector<std::filesystem::path> overlays_;
  std::vector<std::string> names_;
  std::unique_ptr<AnnotationWriter> writer_;
  bool left_out_ = false;
};

int run_segment(const SegmentOptions& options) {
  apply(options);
  const auto paths = expand_images(options.images);
  Segmentation segmentation(options);
  expect_consistent(options, segmentation.prompts().size(), paths.size());
  InputPaths inputs = picture_inputs(options.images, paths);
  inputs.add_folder(segmentation.model());
  for (const std::string& file : {options.embedding, options.prompts.mask})
    if (!file.empty()) inputs.add_file(file);
  MaskFiles files(options, paths, inputs);
  Stopwatch watch;
  segmentation.load();
  const double load_ms = watch.lap();
  const int status = for_each_batch(paths, 1, options, [&](std::vector<NamedImage>& group) {
    const NamedImage& named = group[0];
    SegmentTiming timing;
    const std::vector<FoundMask> masks = segmentation(named.image, timing);
    if (options.json)
      print_json(segmentation, named, masks, load_ms, timing);
    else
      print_text(named, masks, timing);
    files.write(named, masks);
  });
  return files.finish() ? status : kCallersMistake;
}

void add_prompt_flags(CLI::App& command, SegmentOptions& options) {
  const auto several = [&](const char* flag, std::vector<std::string>& values, const char* what, const char* type) {
    command.add_option(flag, values, what)->allow_extra_args(false)->type_name(type);
  };
  several("--point", options.prompts.points,
          "a pixel of the object, or (0) not of it; all are one object, but those joined by \";\" are one of their own",
          "X,Y[,0|1]");
  several("--box", options.prompts.boxes, "around the object; several are an object each", "X0,Y0,X1,Y1");
  command.add_option("--mask", options.prompts.mask, "logits from before, as --out FILE.safetensors writes them")
      ->type_name("FILE");
  several("--text", options.texts, "what a detector looks for; its boxes are the prompts", "P");
  command.add_option("--detector", options.detector, "what --text is looked for with (default: the zoo's)")->type_name("DIR|ID");
  command.add_option("--box-threshold", options.box_threshold, "least score of a detection (default: the detector's)")
      ->type_name("X");
  command.add_flag("--multimask", options.multimask, "three masks of each object, the decoder's order");
  command.add_flag("--everything", options.everything, "all that is in the picture");
  command.add_option("--save-embedding", options.save_embedding, "keep what the encoder saw")->type_name("FILE");
  command.add_option("--embedding", options.embedding, "what --save-embedding kept of this picture: no encoder runs")
      ->type_name("FILE");
}

}  // namespace

void add_segment(CLI::App& app) {
  auto options = std::make_shared<SegmentOptions>();
  CLI::App& command = *app.add_subcommand("segment", "cut out what a point, a box or a text means: masks");
  command.add_option("IMAGE", options->images, kImages)->required()->type_name("");
  add_prompt_flags(command, *options);
  options->automatic.add_to(command);
  command
      .add_option("--format", options->format,
                  "write a data set into the folder --out: coco, sa1b, yolo, voc or png, rather than pictures with masks")
      ->type_name("F");
  command.add_flag("--polygons", options->polygons, "of coco: polygons, not run lengths, as Label Studio's import needs");
  add_overlay_flags(command, *options, options->no_labels,
                    "picture with masks (.png, .jpg), a directory for one of each, or logits (.safetensors)");
  add_model_flags(command, *options);
  add_command(command, "omma segment photo.jpg --point 120,80 --out mask.png", [options] { return run_segment(*options); });
}

}  // namespace omma::app
