#include "omma/agent/found_objects.h"

#include <algorithm>

namespace omma {

namespace {

constexpr float same_object_iou = 0.7F;  // boxes of one object that two prompts gave differ a little

// A tool's data may come from a transcript that was edited.
bool is_detection(const json& found) {
  const auto has = [&](const char* name) { return found.is_object() && found.contains(name); };
  if (!has("label") || !has("score") || !has("box") || !found["label"].is_string() || !found["score"].is_number()) return false;
  const json& box = found["box"];
  return box.is_array() && box.size() == 4 && std::all_of(box.begin(), box.end(), [](const json& x) { return x.is_number(); });
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

std::vector<Detection> found_objects(std::span<const AgentStep> steps) {
  std::vector<Detection> objects;
  for (const AgentStep& step : steps) {
    const auto before = static_cast<std::ptrdiff_t>(objects.size());  // a step's own boxes are different objects
    for (const json& box : boxes_of(step)) {
      Detection found = detection_of(box);
      const auto known = std::find_if(objects.begin(), objects.begin() + before, [&](const Detection& object) {
        return intersection_over_union(object.box, found.box) > same_object_iou;
      });
      if (known == objects.begin() + before)
        objects.push_back(std::move(found));
      else if (found.score > known->score)
        *known = std::move(found);
    }
  }
  return objects;
}

}  // namespace omma
