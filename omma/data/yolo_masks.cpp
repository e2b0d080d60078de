// The polygons of a YOLO data set.
#include "omma/data/segmentation_collector.h"
#include "omma/data/yolo_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

class YoloMaskLabels : public MaskLabels {
 public:
  explicit YoloMaskLabels(std::vector<std::string> names) : names_(std::move(names)) {}

  std::size_t add(fs::path picture) {
    pictures_.push_back(std::move(picture));
    return pictures_.size() - 1;
  }

  PictureMasks masks(std::size_t place, ImageSize picture) const override {
    PictureMasks masks;
    const auto tell = [&](DatasetFault fault, std::string message) {
      if (fault != DatasetFault::duplicate_id) return masks.leave_out(fault, std::move(message));
      masks.faults.emplace_back(fault, std::move(message));
    };
    for (const YoloObject& object : read_objects(place, tell)) {
      if (object.is_box()) {
        masks.leave_out(DatasetFault::malformed_mask, object.where + ": expected a polygon, got a box");
        continue;
      }
      MaskShape shape{.polygons = {Polygon{object.coordinates}}};
      std::vector<double>& xy = shape.polygons.front().xy;
      for (std::size_t i = 0; i < xy.size(); ++i) xy[i] *= i % 2 == 0 ? picture.width : picture.height;
      SegmentationTarget target{
          .area = -1, .category = names_[object.category], .category_index = static_cast<int>(object.category), .crowd = false};
      masks.add(shape, std::move(target), {}, picture, object.where);
    }
    return masks;
  }

 private:
  std::vector<YoloObject> read_objects(std::size_t place, const TellLabelFault& tell) const {
    try {
      return read_yolo_objects(pictures_[place], names_.size(), DatasetFault::malformed_mask, tell);
    } catch (const std::invalid_argument& error) {
      throw SampleFault(DatasetFault::malformed_record, error.what());
    }
  }

  std::vector<std::string> names_;
  std::vector<fs::path> pictures_;
};

}  // namespace

std::unique_ptr<SegmentationDataset> open_yolo_masks(const fs::path& path, std::string_view split,
                                                     const SegmentationDatasetOptions& options) {
  const YoloFiles files(path);
  SegmentationCollector collector(options);
  auto labels = std::make_unique<YoloMaskLabels>(files.names());
  files.list_pictures(split, collector.report(), [&](const fs::path& picture, const std::string& key) {
    collector.add_picture({.key = key, .image = picture, .size = {}, .place = labels->add(picture)});
  });
  return collector.finish(std::move(labels), files.names(), files.yaml_file().string());
}

}  // namespace omma
