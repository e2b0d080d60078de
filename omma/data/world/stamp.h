// One pictogram turned, mirrored and scaled to the size it has in a scene.
#pragma once

#include <vector>

#include "omma/data/world/atlas.h"

namespace omma {

struct StampPose {
  int name = 0;
  int extent = 0;  // long side of the upright pictogram in pixels
  int turn = 0;    // degrees, -max_turn to max_turn, clockwise
  bool flipped = false;

  static constexpr int max_turn = 10;
};

// A stamp's pixels; those with alpha of at least `solid` are its mask.
struct Stamp {
  static constexpr int solid = 128;
  int width = 0;
  int height = 0;
  int area = 0;                    // of the mask
  std::vector<Texel> texels = {};  // [H, W]
};

Stamp draw_stamp(const StampPose& pose);

}  // namespace omma
