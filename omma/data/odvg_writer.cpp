// ODVG in detection form: annotations.jsonl with a line a picture, label_map.json with the classes, the pictures in images/.
#include <fstream>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/annotation_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

class OdvgWriter : public AnnotationWriter {
 public:
  explicit OdvgWriter(AnnotationWriterOptions options) : options_(std::move(options)) {
    check(options_.masks == MaskForm::none, "odvg: holds boxes alone, no masks");
  }

  void write_picture(const AnnotatedPicture& picture, const fs::path& file) const override {
    check_picture(options_, picture);
    copy_picture(options_, "images", picture, file);
  }

  void add(const AnnotatedPicture& picture) override {
    check_picture(options_, picture);
    begin();
    json instances = json::array();
    for (const AnnotatedObject& object : picture.objects) {
      const Box& box = object.box;
      json instance = found_by(object);
      instance.update({{"bbox", {short_number(box.x0), short_number(box.y0), short_number(box.x1), short_number(box.y1)}},
                       {"label", object.class_index},
                       {"category", options_.classes[static_cast<std::size_t>(object.class_index)]}});
      instances.push_back(std::move(instance));
    }
    lines_ << dump_json({{"filename", options_.copy_pictures ? copied_name(picture) : picture.file_name},
                         {"width", picture.width},
                         {"height", picture.height},
                         {"detection", {{"instances", std::move(instances)}}}})
           << "\n";
  }

  void finish() override {
    begin();
    lines_.close();
    if (!lines_) fail_runtime("{}: cannot be written", partial().string());
    json labels = json::object();
    for (std::size_t i = 0; i < options_.classes.size(); ++i) labels[std::to_string(i)] = options_.classes[i];
    write_annotation_file(options_.out / "label_map.json", dump_json(labels, 2) + "\n");
    publish_file(partial(), options_.out / "annotations.jsonl");
  }

 private:
  fs::path partial() const { return options_.out / "annotations.jsonl.partial"; }

  void begin() {
    if (lines_.is_open()) return;
    fs::create_directories(options_.out);
    lines_.open(partial());
  }

  AnnotationWriterOptions options_;
  std::ofstream lines_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> open_odvg_writer(AnnotationWriterOptions options) {
  return std::make_unique<OdvgWriter>(std::move(options));
}

}  // namespace omma
