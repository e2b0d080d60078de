// Clips in memory: frames with their times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/vision/image.h"

namespace omma {

struct VideoFrame {
  Image image = {};
  double time = 0;          // seconds from the clip's first frame on
  std::int64_t number = 0;  // among the frames in the order shown
};

struct VideoClip {
  std::vector<VideoFrame> frames = {};  // as asked for
  double duration = 0;                  // seconds, to the end of the last frame
  std::int64_t frame_count = 0;         // in the file, as they were found
  std::int64_t claimed = 0;             // as the container says, 0: it does not
  std::int64_t errors = 0;              // frames taken that are damaged, or stand in for one that is not to be decoded
  std::string codec = {};
};

}  // namespace omma
