// The boxes of a COCO instances JSON.
#include "omma/base/error.h"
#include "omma/data/coco_instances.h"
#include "omma/data/detection_collector.h"
#include "omma/data/record_dataset.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

class CocoReader : public CocoInstances {
 public:
  CocoReader(const LabelFiles& files, const DetectionDatasetOptions& options, DetectionCollector& collector)
      : CocoInstances(files, collector.report()), phrases_(options.class_phrases), collector_(collector) {}

  const PhraseSet& phrases() const { return phrases_; }

 private:
  int add_category(const std::string& name) override { return phrases_.add(name); }

  std::size_t add_picture(const std::string& name, fs::path file, ImageSize labelled) override {
    DetectionSample sample;
    sample.key = name;
    sample.width = labelled.width;
    sample.height = labelled.height;
    return collector_.add_picture(std::move(sample), std::move(file));
  }

  const std::string& picture_name(std::size_t picture) const override { return collector_.sample(picture).key; }

  void add_object(std::size_t picture, int category, const CocoAnnotation& annotation, const std::string& where) override {
    const auto numbers = four_numbers(annotation.bbox);
    if (!numbers)
      return collector_.report().leave_out_object(
          DatasetFault::malformed_box, picture_name(picture),
          fmt::format("{}: expected bbox [x, y, width, height], got {}", where, dump_json(annotation.bbox).substr(0, 80)));
    DetectionTarget target;
    target.class_index = category;
    target.phrase = phrases_.phrases()[static_cast<std::size_t>(category)];
    target.crowd = annotation.is_crowd();
    const auto [x, y, width, height] = *numbers;
    collector_.add_box(picture, std::move(target), {x, y, x + width, y + height});
  }

  PhraseSet phrases_;
  DetectionCollector& collector_;
};

}  // namespace

std::unique_ptr<DetectionDataset> open_coco(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  const LabelFiles files = find_coco_files(path, split, "annotations.json", "instances", options.images);
  DetectionCollector collector(options);
  CocoReader reader(files, options, collector);
  reader.read({"segmentation", "keypoints"});
  reader.phrases().expect_all_given(files.labels.string());
  return collector.finish(reader.phrases().phrases(), files.labels.string());
}

}  // namespace omma
