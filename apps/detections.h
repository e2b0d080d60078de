// How `omma detect` tells and draws what it found, in pictures and clips alike.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/tasks/detector.h"
#include "omma/vision/draw.h"

namespace omma::app {

json detections_json(const DetectionResult& result);

// Indented lines, a detection each.
void print_detections(const DetectionResult& result);

std::vector<LabelledBox> boxes_of(const DetectionResult& result, bool with_labels);

}  // namespace omma::app
