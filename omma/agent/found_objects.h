// What an agent's steps found, as boxes and masks.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "omma/agent/react.h"
#include "omma/tasks/detector.h"
#include "omma/vision/mask.h"
#include "omma/vision/resize.h"

namespace omma {

// The boxes of one step, [{label, score, box [x0, y0, x1, y1]}] in pixels; null where it did not look for objects.
json boxes_of(const AgentStep& step);

// The objects of all steps, in the order in which they were found. One that several steps found, under whatever names, is told
// once, as the step that was surest of it says.
std::vector<Detection> found_objects(std::span<const AgentStep> steps);

// The masks of one step, [{label, score, box, area, share, place, rle, predicted_iou}] (see segment_object.h); null where it cut
// nothing out.
json masks_of(const AgentStep& step);

struct ObjectMask {
  std::string label;
  float score = 0;
  RunLengths mask;
};

// The masks of all steps, each object's once as found_objects() has it, of pictures of the given size.
std::vector<ObjectMask> found_masks(std::span<const AgentStep> steps, Size size);

}  // namespace omma
