#include "omma/data/annotation_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/annotation_files.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::array<AnnotationFormat, 6> formats = {{
    {"coco", "annotations.json, images/", open_coco_writer},
    {"sa1b", "a JSON beside each picture", open_sa1b_writer},
    {"yolo", "data.yaml, images/, labels/", open_yolo_writer},
    {"voc", "Annotations/, ImageSets/, JPEGImages/, SegmentationClass/, SegmentationObject/", open_voc_writer},
    {"png", "images/, labels/: a label map and a JSON for each picture", open_label_map_writer},
    {"odvg", "annotations.jsonl, label_map.json, images/: boxes alone", open_odvg_writer},
}};

void paint(const RunLengths& mask, std::uint32_t value, LabelMap& map) {
  for (SetRuns run(mask); !run.done(); run.advance())
    for (std::int64_t at = run.begin(); at < run.end(); ++at)
      map.values[static_cast<std::size_t>(at % mask.height * mask.width + at / mask.height)] = value;
}

}  // namespace

std::span<const AnnotationFormat> annotation_formats() { return formats; }

std::unique_ptr<AnnotationWriter> open_annotation_writer(std::string_view format, AnnotationWriterOptions options) {
  const auto row = std::ranges::find(formats, format, &AnnotationFormat::name);
  if (row == formats.end()) {
    std::vector<std::string_view> names;
    for (const AnnotationFormat& known : formats) names.push_back(known.name);
    fail("format: expected {}, got \"{}\"", fmt::join(names, ", "), format);
  }
  check(!options.classes.empty() && std::ranges::none_of(options.classes, &std::string::empty),
        "annotations: expected classes, each with a name");
  check(options.masks != MaskForm::polygons || format == "coco", "polygons: expected the format coco, got {}", format);
  check(options.polygon_iou >= 0 && options.polygon_iou <= 1, "annotations: expected an IoU of polygons of 0 to 1, got {}",
        options.polygon_iou);
  return row->open(std::move(options));
}

void write_annotation_file(const fs::path& file, std::string_view contents) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) fail_runtime("{}: cannot make the folder: {}", file.parent_path().string(), error.message());
  write_file(file, contents);
}

std::string copied_name(const AnnotatedPicture& picture) { return picture.name + fs::path(picture.file_name).extension().string(); }

void copy_picture(const AnnotationWriterOptions& options, const char* folder, const AnnotatedPicture& picture,
                  const fs::path& file) {
  if (!options.copy_pictures) return;
  write_annotation_file(options.out / folder / copied_name(picture), MappedFile(file).text());
}

void check_picture(const AnnotationWriterOptions& options, const AnnotatedPicture& picture) {
  const int classes = static_cast<int>(options.classes.size());
  for (const AnnotatedObject& object : picture.objects) {
    check(object.class_index >= 0 && object.class_index < classes, "{}: expected a class of 0 to {}, got {}", picture.file_name,
          classes - 1, object.class_index);
    if (object.mask)
      check(object.mask->width == picture.width && object.mask->height == picture.height,
            "{}: expected a mask of {} x {}, got one of {} x {}", picture.file_name, picture.width, picture.height,
            object.mask->width, object.mask->height);
  }
}

json short_number(double value) {
  if (value == std::trunc(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return std::stod(fmt::format("{}", static_cast<float>(value)));
}

json xywh(const Box& box) {
  return {short_number(box.x0), short_number(box.y0), short_number(box.width()), short_number(box.height())};
}

json found_by(const AnnotatedObject& object) {
  json found = json::object();
  if (object.score) found["score"] = short_number(*object.score);
  if (object.predicted_iou) found["predicted_iou"] = short_number(*object.predicted_iou);
  if (object.stability) found["stability_score"] = short_number(*object.stability);
  if (object.point)
    found["point_coords"] = json::array({json::array({short_number((*object.point)[0]), short_number((*object.point)[1])})});
  if (object.crop_box) found["crop_box"] = xywh(*object.crop_box);
  return found;
}

LabelMap object_map(const AnnotatedPicture& picture) {
  LabelMap map{picture.width, picture.height, {}};
  map.values.resize(static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height));
  std::vector<std::size_t> order(picture.objects.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Of masks of one size the first one, which is the best, is painted last.
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) {
    const std::optional<RunLengths>& mask = picture.objects[i].mask;
    return std::pair(mask ? area(*mask) : 0, i);
  });
  for (const std::size_t i : order)
    if (picture.objects[i].mask) paint(*picture.objects[i].mask, static_cast<std::uint32_t>(i + 1), map);
  return map;
}

}  // namespace omma
