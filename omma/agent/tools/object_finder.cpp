#include "omma/agent/tools/object_finder.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"

namespace omma {

namespace {

constexpr float one_object_iou = 0.6F;

}  // namespace

ObjectFinder::ObjectFinder(std::shared_ptr<Detector> detector, std::shared_ptr<const Image> image, ObjectFinderOptions options)
    : detector_(std::move(detector)), image_(std::move(image)), options_(std::move(options)) {
  if (options_.anything.empty()) options_.anything = detector_->taught_names();
}

WantedObjects ObjectFinder::wanted(const std::vector<std::string>& names, const std::vector<std::string>& colors) const {
  WantedObjects wanted;
  const auto add = [&](std::vector<std::string>& list, const std::string& phrase) {
    for (const auto* known : {&wanted.named, &wanted.common})
      if (std::find(known->begin(), known->end(), phrase) != known->end()) return;
    list.push_back(phrase);
  };
  const auto add_colored = [&](std::vector<std::string>& list, const std::string& name) {
    if (colors.empty()) add(list, name);
    for (const std::string& color : colors) add(list, color + " " + name);
  };
  for (const std::string& name : names)
    if (name != "anything") add_colored(wanted.named, name);
  const bool asks_for_anything = std::find(names.begin(), names.end(), "anything") != names.end();
  check(!asks_for_anything || knows_anything(), "anything: this detector has no list of what it knows, objects need names");
  if (asks_for_anything)
    for (const std::string& name : options_.anything) add_colored(wanted.common, name);
  return wanted;
}

std::vector<Detection> ObjectFinder::find(const WantedObjects& wanted) {
  const std::scoped_lock lock(mutex_);
  std::vector<Detection> found = detect(wanted.named);
  const auto named_count = static_cast<std::ptrdiff_t>(found.size());
  for (Detection& detection : detect(wanted.common)) {
    const auto is_same = [&](const Detection& named) { return are_one_object(named.box, detection.box); };
    if (std::none_of(found.begin(), found.begin() + named_count, is_same)) found.push_back(std::move(detection));
  }
  return found;
}

std::vector<Detection> ObjectFinder::detect(const std::vector<std::string>& phrases) {
  if (phrases.empty()) return {};
  if (!embedding_) embedding_ = detector_->encode_image(*image_);
  DetectionResult result = detector_->detect_encoded(*embedding_, {.phrases = phrases, .caption = {}}, options_.detection);
  std::erase_if(result.detections, [](const Detection& detection) { return !is_usable(detection); });
  return std::move(result.detections);
}

bool is_usable(const Detection& detection) {
  const Box& box = detection.box;
  return std::isfinite(detection.score) && std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) &&
         std::isfinite(box.y1);
}

bool are_one_object(const Box& a, const Box& b) { return intersection_over_union(a, b) > one_object_iou; }

}  // namespace omma
