#include "omma/agent/found_objects.h"

#include <algorithm>
#include <iterator>

#include "omma/vision/mask_json.h"
#include "omma/vision/run_lengths.h"

namespace omma {

namespace {

constexpr float same_object_iou = 0.7F;  // boxes and masks of one object that two prompts gave differ a little

float overlap(const Detection& a, const Detection& b) { return intersection_over_union(a.box, b.box); }
float overlap(const ObjectMask& a, const ObjectMask& b) { return static_cast<float>(intersection_over_union(a.mask, b.mask)); }

// Adds what one step found, which is different objects: one that an earlier step found, too, stays as the surer of them has it.
template <class Found>
void add_step(std::vector<Found>& objects, std::vector<Found> step) {
  const auto before = static_cast<std::ptrdiff_t>(objects.size());
  for (Found& found : step) {
    const auto known = std::find_if(objects.begin(), objects.begin() + before,
                                    [&](const Found& object) { return overlap(object, found) > same_object_iou; });
    if (known == objects.begin() + before)
      objects.push_back(std::move(found));
    else if (found.score > known->score)
      *known = std::move(found);
  }
}

// A tool's data may come from a transcript that was edited.
bool is_detection(const json& found) {
  const auto has = [&](const char* name) { return found.is_object() && found.contains(name); };
  if (!has("label") || !has("score") || !has("box") || !found["label"].is_string() || !found["score"].is_number()) return false;
  const json& box = found["box"];
  return box.is_array() && box.size() == 4 && std::all_of(box.begin(), box.end(), [](const json& x) { return x.is_number(); });
}

std::optional<RunLengths> mask_if_any(const json& found) {
  if (!is_detection(found) || !found.contains("rle")) return std::nullopt;
  try {
    return read_rle(found["rle"]);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

Detection detection_of(const json& found) {
  const json& box = found["box"];
  return {.label = found["label"],
          .phrase_index = std::nullopt,
          .score = found["score"],
          .box = {.x0 = box[0], .y0 = box[1], .x1 = box[2], .y1 = box[3]}};
}

}  // namespace

json boxes_of(const AgentStep& step) {
  if (!step.data.is_object() || !step.data.contains("detections")) return nullptr;
  json boxes = json::array();
  for (const json& found : step.data["detections"])
    if (is_detection(found)) boxes.push_back({{"label", found["label"]}, {"score", found["score"]}, {"box", found["box"]}});
  return boxes;
}

json masks_of(const AgentStep& step) {
  if (!step.data.is_object() || !step.data.contains("masks")) return nullptr;
  json masks = json::array();
  std::ranges::copy_if(step.data["masks"], std::back_inserter(masks),
                       [](const json& found) { return mask_if_any(found).has_value(); });
  return masks;
}

std::vector<Detection> found_objects(std::span<const AgentStep> steps) {
  std::vector<Detection> objects;
  for (const AgentStep& step : steps) {
    std::vector<Detection> found;
    for (const json& box : boxes_of(step)) found.push_back(detection_of(box));
    add_step(objects, std::move(found));
  }
  return objects;
}

std::vector<ObjectMask> found_masks(std::span<const AgentStep> steps, Size size) {
  std::vector<ObjectMask> objects;
  for (const AgentStep& step : steps) {
    std::vector<ObjectMask> found;
    for (const json& mask : masks_of(step)) {
      RunLengths runs = read_rle(mask["rle"]);
      if (runs.width == size.width && runs.height == size.height && area(runs) > 0)
        found.push_back({.label = mask["label"], .score = mask["score"], .mask = std::move(runs)});
    }
    add_step(objects, std::move(found));
  }
  return objects;
}

}  // namespace omma
