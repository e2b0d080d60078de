#include "apps/detections.h"

#include "apps/process.h"

namespace omma::app {

json detections_json(const DetectionResult& result) {
  json detections = json::array();
  for (const Detection& detection : result.detections) {
    const Box& box = detection.box;
    detections.push_back({{"label", detection.label},
                          {"phrase_index", detection.phrase_index ? json(*detection.phrase_index) : json()},
                          {"score", detection.score},
                          {"box", {box.x0, box.y0, box.x1, box.y1}}});
  }
  return detections;
}

void print_detections(const DetectionResult& result) {
  if (result.detections.empty()) print("  nothing found\n");
  for (const Detection& detection : result.detections)
    print("  {:.3f}  {:<24} [{:.1f}, {:.1f}, {:.1f}, {:.1f}]\n", detection.score, detection.label, detection.box.x0,
          detection.box.y0, detection.box.x1, detection.box.y1);
}

std::vector<LabelledBox> boxes_of(const DetectionResult& result, bool with_labels) {
  std::vector<LabelledBox> boxes;
  for (const Detection& detection : result.detections)
    boxes.push_back({.box = detection.box,
                     .label = with_labels ? detection.label : "",
                     .score = detection.score,
                     .color = detection.phrase_index.value_or(static_cast<int>(boxes.size()))});
  return boxes;
}

}  // namespace omma::app
