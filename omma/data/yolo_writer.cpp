// YOLO: data.yaml, images/ and, a text file a picture, labels/ with a line an object: its class and its box (centre x, centre y,
// width, height), or where the set has masks a polygon, in shares of the picture's sides. Holes and parts are joined by bridges.
#include "omma/base/error.h"
#include "omma/data/annotation_files.h"
#include "omma/vision/polygons.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

class YoloWriter : public AnnotationWriter {
 public:
  explicit YoloWriter(AnnotationWriterOptions options) : options_(std::move(options)) {}

  void write_picture(const AnnotatedPicture& picture, const fs::path& file) const override {
    check_picture(options_, picture);
    copy_picture(options_, "images", picture, file);
    std::string lines;
    for (const AnnotatedObject& object : picture.objects)
      lines += fmt::format("{} {:.7g}\n", object.class_index, fmt::join(shares_of(object, picture), " "));
    write_annotation_file(options_.out / "labels" / (picture.name + ".txt"), lines);
  }

  void add(const AnnotatedPicture& picture) override { check_picture(options_, picture); }

  void finish() override {
    std::string yaml = "train: images\nval: images  # the same pictures: a training is judged fairly by others alone\nnames:\n";
    for (std::size_t i = 0; i < options_.classes.size(); ++i)
      yaml += fmt::format("  {}: {}\n", i, dump_json(options_.classes[i]));  // JSON's texts are YAML's
    write_annotation_file(options_.out / "data.yaml", yaml);
  }

 private:
  // A trainer takes lines of one kind: in a set with masks an object without pixels is the polygon of its box.
  std::vector<double> shares_of(const AnnotatedObject& object, const AnnotatedPicture& picture) const {
    const Box& box = object.box;
    std::vector<double> pixels;
    if (options_.masks == MaskForm::none)
      pixels = {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, box.width(), box.height()};
    else if (has_pixels(object))
      pixels = joined(outlines_of(*object.mask, options_.polygon_iou)).xy;
    else
      pixels = {box.x0, box.y0, box.x1, box.y0, box.x1, box.y1, box.x0, box.y1};
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] /= i % 2 == 0 ? picture.width : picture.height;
    return pixels;
  }

  AnnotationWriterOptions options_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> open_yolo_writer(AnnotationWriterOptions options) {
  return std::make_unique<YoloWriter>(std::move(options));
}

}  // namespace omma
