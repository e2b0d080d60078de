// What an agent's steps found, as boxes.
#pragma once

#include <span>
#include <vector>

#include "omma/agent/react.h"
#include "omma/tasks/detector.h"

namespace omma {

// The boxes of one step, [{label, score, box [x0, y0, x1, y1]}] in pixels; null where it did not look for objects.
json boxes_of(const AgentStep& step);

// The objects of all steps, in the order in which they were found. One that several steps found, under whatever names, is told
// once, as the step that was surest of it says.
std::vector<Detection> found_objects(std::span<const AgentStep> steps);

}  // namespace omma
