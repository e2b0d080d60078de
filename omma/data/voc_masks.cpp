// Pascal VOC's objects: SegmentationObject/NAME.png, whose value n is the n-th object of Annotations/NAME.xml.
#include <algorithm>
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/labelled_masks.h"
#include "omma/data/segmentation_collector.h"
#include "omma/data/voc_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t void_value = 255;  // the border between objects
constexpr const char* unnamed = "object";

const VocNaming voc_objects{.lists = {fs::path("ImageSets") / "Segmentation", "splits", fs::path("ImageSets") / "Main"},
                            .folder = "SegmentationObject",
                            .extension = ".png"};

struct VocPicture {
  fs::path labels;
  std::vector<VocObject> objects;  // none where there is no annotation
};

class VocMaskLabels : public MaskLabels {
 public:
  std::vector<VocPicture> pictures;
  std::vector<std::string> categories;  // sorted

  PictureMasks masks(std::size_t place, ImageSize size) const override {
    const VocPicture& picture = pictures[place];
    PictureMasks masks;
    for (auto& [value, mask] : read_labelled_masks(picture.labels, size)) {
      if (value == void_value) continue;
      const std::string where = fmt::format("{}: value {}", picture.labels.filename().string(), value);
      const bool annotated = value <= picture.objects.size();
      if (!annotated && !picture.objects.empty()) {
        masks.leave_out(DatasetFault::unknown_class,
                        fmt::format("{}: the annotation has {} objects", where, picture.objects.size()));
        continue;
      }
      const VocObject* object = annotated ? &picture.objects[value - 1] : nullptr;
      SegmentationTarget target{.area = -1, .category = name_of_class(object)};
      target.category_index = static_cast<int>(std::ranges::lower_bound(categories, target.category) - categories.begin());
      masks.add(mask, std::move(target), box_of(object), where);
    }
    return masks;
  }

  static std::string name_of_class(const VocObject* object) {
    return object == nullptr || object->name.empty() ? unnamed : object->name;
  }

 private:
  static std::optional<Box> box_of(const VocObject* object) {
    if (object == nullptr || !object->edges) return std::nullopt;
    const auto [x0, y0, x1, y1] = *object->edges;
    return Box{static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1), static_cast<float>(y1)};
  }
};

// The objects of a picture's annotation, and the picture's file.
VocPicture read_voc_picture(const fs::path& root, const std::string& name, std::string& filename) {
  VocPicture picture{.labels = path_inside(root / voc_objects.folder, name + voc_objects.extension), .objects = {}};
  if (!fs::exists(root / "Annotations" / (name + ".xml"))) return picture;
  VocAnnotation annotation = read_voc_annotation(root, name);
  filename = annotation.filename;
  picture.objects = std::move(annotation.objects);
  return picture;
}

}  // namespace

std::unique_ptr<SegmentationDataset> open_voc_masks(const fs::path& root, std::string_view split,
                                                    const SegmentationDatasetOptions& options) {
  check(fs::is_directory(root / voc_objects.folder), "{}: expected a folder with SegmentationObject/", root.string());
  const fs::path images = options.images.empty() ? root / "JPEGImages" : options.images;
  PictureFinder finder({images, root});
  SegmentationCollector collector(options);
  DatasetReport& report = collector.report();
  auto labels = std::make_unique<VocMaskLabels>();
  std::set<std::string> names, classes;
  for (const std::string& name : voc_names(root, split, voc_objects)) {
    if (!names.insert(name).second) {
      report.leave_out_record(DatasetFault::duplicate_id, name, "listed twice");
      continue;
    }
    try {
      std::string filename;
      VocPicture picture = read_voc_picture(root, name, filename);
      for (const VocObject& object : picture.objects) classes.insert(VocMaskLabels::name_of_class(&object));
      if (picture.objects.empty()) classes.insert(unnamed);
      collector.add_picture(
          {.key = name, .image = find_voc_picture(images, finder, name, filename), .size = {}, .place = labels->pictures.size()});
      labels->pictures.push_back(std::move(picture));
    } catch (const std::invalid_argument& error) {
      report.leave_out_record(DatasetFault::malformed_record, name, error.what());
    }
  }
  labels->categories.assign(classes.begin(), classes.end());
  std::vector<std::string> categories = labels->categories;
  return collector.finish(std::move(labels), std::move(categories), root.string());
}

}  // namespace omma
