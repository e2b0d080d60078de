// COCO instances: annotations.json, the pictures in images/. What COCO has no field for stands beside its own: score,
// predicted_iou, stability_score, point_coords and crop_box, as SA-1B calls them.
#include <fstream>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/annotation_files.h"
#include "omma/vision/polygons.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// Annotations are many: they go to the file as they come, and the lists that are short follow them.
class CocoWriter : public AnnotationWriter {
 public:
  explicit CocoWriter(AnnotationWriterOptions options) : options_(std::move(options)) {}

  void write_picture(const AnnotatedPicture& picture, const fs::path& file) const override {
    check_picture(options_, picture);
    copy_picture(options_, "images", picture, file);
  }

  void add(const AnnotatedPicture& picture) override {
    check_picture(options_, picture);
    begin();
    images_.push_back({{"id", picture.index + 1},
                       {"file_name", options_.copy_pictures ? copied_name(picture) : picture.file_name},
                       {"width", picture.width},
                       {"height", picture.height}});
    for (const AnnotatedObject& object : picture.objects) {
      annotations_ << (objects_ == 0 ? "\n" : ",\n") << dump_json(annotation_of(object, picture));
      ++objects_;
    }
  }

  void finish() override {
    begin();
    json categories = json::array();
    for (std::size_t i = 0; i < options_.classes.size(); ++i)
      categories.push_back({{"id", i + 1}, {"name", options_.classes[i]}, {"supercategory", ""}});
    annotations_ << "\n],\n\"images\": " << dump_json(images_) << ",\n\"categories\": " << dump_json(categories) << "}\n";
    annotations_.close();
    if (!annotations_) fail_runtime("{}: cannot be written", partial().string());
    publish_file(partial(), options_.out / "annotations.json");
  }

 private:
  fs::path partial() const { return options_.out / "annotations.json.partial"; }

  void begin() {
    if (annotations_.is_open()) return;
    fs::create_directories(options_.out);
    annotations_.open(partial());
    annotations_ << "{\"info\": {\"description\": \"omma\"},\n\"annotations\": [";
  }

  json annotation_of(const AnnotatedObject& object, const AnnotatedPicture& picture) const {
    const Box box = options_.masks == MaskForm::none ? object.box : box_of(object);
    const bool pixels = options_.masks != MaskForm::none && has_pixels(object);
    json annotation = found_by(object);
    annotation.update({{"id", objects_ + 1},
                       {"image_id", picture.index + 1},
                       {"category_id", object.class_index + 1},
                       {"bbox", xywh(box)},
                       {"area", pixels ? json(area(*object.mask)) : short_number(box.area())},
                       {"iscrowd", 0},
                       {"segmentation", pixels ? segmentation_of(*object.mask) : json::array()}});
    return annotation;
  }

  json segmentation_of(const RunLengths& mask) const {
    if (options_.masks == MaskForm::run_lengths) return rle_json(mask);
    json polygons = json::array();
    for (const Outline& part : outlines_of(mask, options_.polygon_iou)) {
      json ring = json::array();
      for (const double coordinate : joined(part).xy) ring.push_back(short_number(coordinate));
      polygons.push_back(std::move(ring));
    }
    return polygons;
  }

  AnnotationWriterOptions options_;
  std::ofstream annotations_;
  std::int64_t objects_ = 0;
  json images_ = json::array();
};

}  // namespace

std::unique_ptr<AnnotationWriter> open_coco_writer(AnnotationWriterOptions options) {
  return std::make_unique<CocoWriter>(std::move(options));
}

}  // namespace omma
