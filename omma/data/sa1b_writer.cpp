// SA-1B: a JSON for each picture, beside it. `category` and `score` are there where objects have names.
#include "omma/base/error.h"
#include "omma/data/annotation_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> unnamed_classes = {"object"};

class Sa1bWriter : public AnnotationWriter {
 public:
  explicit Sa1bWriter(AnnotationWriterOptions options) : options_(std::move(options)) {
    check(options_.masks != MaskForm::none, "sa1b: holds nothing but masks");
  }

  void write_picture(const AnnotatedPicture& picture, const fs::path& file) const override {
    check_picture(options_, picture);
    copy_picture(options_, ".", picture, file);
    json annotations = json::array();
    for (const AnnotatedObject& object : picture.objects)
      if (has_pixels(object)) annotations.push_back(annotation_of(object, picture, annotations.size() + 1));
    const json image = {{"image_id", picture.index + 1},
                        {"width", picture.width},
                        {"height", picture.height},
                        {"file_name", options_.copy_pictures ? copied_name(picture) : picture.file_name}};
    write_annotation_file(options_.out / (picture.name + ".json"),
                          dump_json({{"image", image}, {"annotations", std::move(annotations)}}));
  }

  void add(const AnnotatedPicture& picture) override { check_picture(options_, picture); }
  void finish() override {}

 private:
  json annotation_of(const AnnotatedObject& object, const AnnotatedPicture& picture, std::size_t id) const {
    json annotation = found_by(object);
    annotation.update(
        {{"id", id}, {"segmentation", rle_json(*object.mask)}, {"bbox", xywh(box_of(object))}, {"area", area(*object.mask)}});
    if (!object.crop_box) annotation["crop_box"] = {0, 0, picture.width, picture.height};
    if (options_.classes != unnamed_classes)
      annotation["category"] = options_.classes[static_cast<std::size_t>(object.class_index)];
    return annotation;
  }

  AnnotationWriterOptions options_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> open_sa1b_writer(AnnotationWriterOptions options) {
  return std::make_unique<Sa1bWriter>(std::move(options));
}

}  // namespace omma
