// The boxes of a YOLO data set, and those around its polygons.
#include <algorithm>
#include <array>

#include "omma/data/detection_collector.h"
#include "omma/data/record_dataset.h"
#include "omma/data/yolo_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// In shares.
std::array<double, 4> edges_of(const YoloObject& object) {
  const std::vector<double>& xy = object.coordinates;
  if (object.is_box()) return {{xy[0] - xy[2] / 2, xy[1] - xy[3] / 2, xy[0] + xy[2] / 2, xy[1] + xy[3] / 2}};
  std::array<double, 4> edges = {xy[0], xy[1], xy[0], xy[1]};
  for (std::size_t i = 0; i < xy.size(); ++i) {
    edges[i % 2] = std::min(edges[i % 2], xy[i]);
    edges[2 + i % 2] = std::max(edges[2 + i % 2], xy[i]);
  }
  return edges;
}

}  // namespace

std::unique_ptr<DetectionDataset> open_yolo(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  const YoloFiles files(path);
  PhraseSet phrases(options.class_phrases);
  for (const std::string& name : files.names()) phrases.add(name);
  phrases.expect_all_given(files.yaml_file().string());
  DetectionCollector collector(options, DetectionCollector::Coordinates::shares);
  DatasetReport& report = collector.report();
  files.list_pictures(split, report, [&](const fs::path& picture, const std::string& key) {
    DetectionSample sample;
    sample.key = key;
    const std::size_t place = collector.add_picture(std::move(sample), picture);
    const auto tell = [&](DatasetFault fault, std::string message) {
      if (fault == DatasetFault::duplicate_id) return report.add(fault, key, std::move(message));
      report.leave_out_object(fault, key, std::move(message));
    };
    for (const YoloObject& object : read_yolo_objects(picture, files.names().size(), DatasetFault::malformed_box, tell)) {
      DetectionTarget target;
      target.class_index = phrases.add(files.names()[object.category]);
      target.phrase = phrases.phrases()[static_cast<std::size_t>(target.class_index)];
      collector.add_box(place, std::move(target), edges_of(object));
    }
  });
  return collector.finish(phrases.phrases(), files.yaml_file().string());
}

}  // namespace omma
