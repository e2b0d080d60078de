// A clip through a detector, frame by frame, in memory that does not grow with its length.
#pragma once

#include <filesystem>
#include <optional>

#include "apps/clip_arguments.h"
#include "apps/command.h"
#include "omma/tasks/detector.h"

namespace omma::app {

struct ClipDetection {
  std::filesystem::path model, clip;
  std::filesystem::path out;    // .mp4: the clip with boxes; "": none
  std::optional<double> every;  // seconds between frames that are looked at; none: each is
  ClipFlags flags;              // where they are given, the frames that they ask for, and no others
  DetectionPrompt prompt;
  DetectionOptions thresholds;
  bool labels = true, as_json = false;
  int batch = 1;
  double load_ms = 0;
  json told = json::object();  // what every JSON line says, too
};

// A result of each frame that is looked at, in order. In the clip with boxes all frames come, each with the boxes of the last one
// that was looked at. A signal ends it after the frames in hand, and that clip is whole then. Returns the exit status. Throws as
// VideoStream, Detector and VideoWriter do.
int detect_in_clip(Detector& detector, const ClipDetection& work);

}  // namespace omma::app
