// Pascal VOC: Annotations/, ImageSets/, JPEGImages/ and, where the set has masks, SegmentationObject/ and SegmentationClass/, PNGs
// with VOC's palette: in the one the n-th object of the annotation has value n, in the other the n-th class. 255 is VOC's border,
// so there are at most 254 of each. Boxes are edges in pixels, as LabelImg and others write them, not the devkit's numbers of
// pixels from 1: <xmax> - <xmin> is the width.
#include <cmath>
#include <pugixml.hpp>
#include <sstream>

#include "omma/base/error.h"
#include "omma/data/annotation_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_values = 254;

// The colour of value n has its bits spread over the three channels, the lowest first, from the highest bit of each down.
std::vector<PaletteColor> voc_palette() {
  std::vector<PaletteColor> palette(256);
  for (unsigned value = 0; value < palette.size(); ++value)
    for (unsigned bit = 0; bit < 8; ++bit)
      palette[value][bit % 3] |= static_cast<std::uint8_t>((value >> bit & 1) << (7 - bit / 3));
  return palette;
}

std::string_view as_text(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class VocWriter : public AnnotationWriter {
 public:
  explicit VocWriter(AnnotationWriterOptions options) : options_(std::move(options)) {
    check(options_.classes.size() <= max_values, "voc: expected at most {} classes, got {}", max_values, options_.classes.size());
  }

  void write_picture(const AnnotatedPicture& picture, const fs::path& file) const override {
    check_picture(options_, picture);
    copy_picture(options_, "JPEGImages", picture, file);
    if (segmented()) write_maps(picture);
    write_annotation_file(options_.out / "Annotations" / (picture.name + ".xml"), annotation_of(picture));
  }

  void add(const AnnotatedPicture& picture) override {
    check_picture(options_, picture);
    names_ += picture.name + "\n";
  }

  void finish() override {
    write_annotation_file(options_.out / "ImageSets" / "Main" / "train.txt", names_);
    if (segmented()) write_annotation_file(options_.out / "ImageSets" / "Segmentation" / "train.txt", names_);
  }

 private:
  bool segmented() const { return options_.masks != MaskForm::none; }

  void write_maps(const AnnotatedPicture& picture) const {
    check(picture.objects.size() <= max_values, "{}: voc holds the masks of {} objects a picture, here are {}: png holds more",
          picture.file_name, max_values, picture.objects.size());
    static const std::vector<PaletteColor> palette = voc_palette();
    LabelMap map = object_map(picture);
    write_annotation_file(options_.out / "SegmentationObject" / (picture.name + ".png"), as_text(encode_label_map(map, palette)));
    for (std::uint32_t& value : map.values)
      if (value > 0) value = static_cast<std::uint32_t>(picture.objects[value - 1].class_index) + 1;
    write_annotation_file(options_.out / "SegmentationClass" / (picture.name + ".png"), as_text(encode_label_map(map, palette)));
  }

  std::string annotation_of(const AnnotatedPicture& picture) const {
    pugi::xml_document document;
    pugi::xml_node annotation = document.append_child("annotation");
    const auto add = [](pugi::xml_node& node, const char* name, const auto& value) { node.append_child(name).text().set(value); };
    add(annotation, "folder", "JPEGImages");
    add(annotation, "filename", (options_.copy_pictures ? copied_name(picture) : picture.file_name).c_str());
    pugi::xml_node size = annotation.append_child("size");
    add(size, "width", picture.width);
    add(size, "height", picture.height);
    add(size, "depth", 3);
    add(annotation, "segmented", segmented() ? 1 : 0);
    for (const AnnotatedObject& object : picture.objects) {
      pugi::xml_node node = annotation.append_child("object");
      add(node, "name", options_.classes[static_cast<std::size_t>(object.class_index)].c_str());
      add(node, "pose", "Unspecified");
      add(node, "truncated", 0);
      add(node, "difficult", 0);
      const Box box = segmented() ? box_of(object) : object.box;
      pugi::xml_node edges = node.append_child("bndbox");  // whole pixels: many readers take no others
      add(edges, "xmin", static_cast<int>(std::floor(box.x0)));
      add(edges, "ymin", static_cast<int>(std::floor(box.y0)));
      add(edges, "xmax", static_cast<int>(std::ceil(box.x1)));
      add(edges, "ymax", static_cast<int>(std::ceil(box.y1)));
    }
    std::ostringstream text;
    document.save(text, "  ", pugi::format_indent | pugi::format_no_declaration);
    return std::move(text).str();
  }

  AnnotationWriterOptions options_;
  std::string names_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> open_voc_writer(AnnotationWriterOptions options) {
  return std::make_unique<VocWriter>(std::move(options));
}

}  // namespace omma
