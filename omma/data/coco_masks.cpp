// The masks of a COCO instances JSON.
#include <cmath>

#include "omma/base/error.h"
#include "omma/data/coco_instances.h"
#include "omma/data/picture_size.h"
#include "omma/data/segmentation_collector.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct AnnotatedMask {
  MaskShape shape;
  std::string where;  // "annotations[17]"
  std::optional<Box> box;
  double area = -1;
  int category = 0;
  bool crowd = false;
};

class CocoMaskLabels : public MaskLabels {
 public:
  std::vector<std::vector<AnnotatedMask>> masks_of_picture;
  std::vector<std::string> categories;

  PictureMasks masks(std::size_t place, ImageSize picture) const override {
    PictureMasks masks;
    for (const AnnotatedMask& mask : masks_of_picture[place]) {
      SegmentationTarget target{.area = mask.area,
                                .category = categories[static_cast<std::size_t>(mask.category)],
                                .category_index = mask.category,
                                .crowd = mask.crowd};
      masks.add(mask.shape, std::move(target), mask.box, picture, mask.where);
    }
    return masks;
  }
};

class CocoMaskReader : public CocoInstances {
 public:
  CocoMaskReader(const LabelFiles& files, SegmentationCollector& collector, CocoMaskLabels& labels)
      : CocoInstances(files, collector.report()), collector_(collector), labels_(labels) {}

 private:
  // Categories of one name are one.
  int add_category(const std::string& name) override {
    const auto found = std::ranges::find(labels_.categories, name);
    const auto index = static_cast<int>(found - labels_.categories.begin());
    if (found == labels_.categories.end()) labels_.categories.push_back(name);
    return index;
  }

  std::size_t add_picture(const std::string& name, fs::path file, ImageSize labelled) override {
    const std::size_t place = labels_.masks_of_picture.size();
    collector_.add_picture({.key = name, .image = std::move(file), .size = labelled, .place = place});
    labels_.masks_of_picture.emplace_back();
    return place;
  }

  const std::string& picture_name(std::size_t picture) const override { return collector_.records()[picture].key; }

  void add_object(std::size_t picture, int category, const CocoAnnotation& annotation, const std::string& where) override {
    AnnotatedMask mask{.shape = {}, .where = where, .box = {}, .category = category, .crowd = annotation.is_crowd()};
    try {
      mask.shape = read_mask_shape(annotation.segmentation);
    } catch (const std::invalid_argument& error) {
      return collector_.report().leave_out_object(DatasetFault::malformed_mask, picture_name(picture),
                                                  fmt::format("{}: {}", where, error.what()));
    }
    if (annotation.area.is_number() && annotation.area.get<double>() >= 0) mask.area = annotation.area.get<double>();
    mask.box = box_of_sides(annotation.bbox);
    labels_.masks_of_picture[picture].push_back(std::move(mask));
  }

  SegmentationCollector& collector_;
  CocoMaskLabels& labels_;
};

}  // namespace

std::unique_ptr<SegmentationDataset> open_coco_masks(const fs::path& path, std::string_view split,
                                                     const SegmentationDatasetOptions& options) {
  const LabelFiles files = find_coco_files(path, split, "annotations.json", "instances", options.images);
  SegmentationCollector collector(options);
  auto labels = std::make_unique<CocoMaskLabels>();
  CocoMaskReader(files, collector, *labels).read({"keypoints"});
  std::vector<std::string> categories = labels->categories;
  return collector.finish(std::move(labels), std::move(categories), files.labels.string());
}

}  // namespace omma
