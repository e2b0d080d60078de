// PNG label maps: for each picture of images/ labels/NAME.png, gray, 8 bits or, where there are more than 255 objects, 16, in which
// the n-th object has value n, and labels/NAME.json, which tells what the values are.
#include "omma/base/error.h"
#include "omma/data/annotation_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_objects = 65'535;

class LabelMapWriter : public AnnotationWriter {
 public:
  explicit LabelMapWriter(AnnotationWriterOptions options) : options_(std::move(options)) {
    check(options_.masks != MaskForm::none, "png: holds nothing but masks");
  }

  void write_picture(const AnnotatedPicture& picture, const fs::path& file) const override {
    check_picture(options_, picture);
    check(picture.objects.size() <= max_objects, "{}: png holds {} objects a picture, here are {}", picture.file_name, max_objects,
          picture.objects.size());
    copy_picture(options_, "images", picture, file);
    json objects = json::array();
    for (const AnnotatedObject& object : picture.objects) objects.push_back(described(object, objects.size() + 1));
    const json record = {{"image", options_.copy_pictures ? copied_name(picture) : picture.file_name},
                         {"size", {picture.width, picture.height}},
                         {"objects", std::move(objects)}};
    write_annotation_file(options_.out / "labels" / (picture.name + ".json"), dump_json(record));
    const std::vector<std::uint8_t> png = encode_label_map(object_map(picture));
    write_annotation_file(options_.out / "labels" / (picture.name + ".png"),
                          {reinterpret_cast<const char*>(png.data()), png.size()});
  }

  void add(const AnnotatedPicture& picture) override { check_picture(options_, picture); }
  void finish() override {}

 private:
  json described(const AnnotatedObject& object, std::size_t value) const {
    json description = found_by(object);
    description.update({{"value", value},
                        {"class", options_.classes[static_cast<std::size_t>(object.class_index)]},
                        {"bbox", xywh(box_of(object))},
                        {"area", object.mask ? area(*object.mask) : 0}});
    return description;
  }

  AnnotationWriterOptions options_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> open_label_map_writer(AnnotationWriterOptions options) {
  return std::make_unique<LabelMapWriter>(std::move(options));
}

}  // namespace omma
