// What the ground of a picture is like, measured coarsely: enough to tell drawn scenes from photographs.
#pragma once

#include <string_view>

#include "omma/vision/image.h"

namespace omma {

struct GroundStatistics {
  double even = 0;   // share of the picture that lies on one gradient of colour, the one along its border
  double flat = 0;   // share of neighbouring cells, of 64 x 64, that differ by at most 4 levels
  double light = 0;  // median brightness along the border, 0 to 255
};

// Noise, blur and compression change little: everything is measured on cells that are averages. Throws std::invalid_argument for an
// empty picture.
GroundStatistics measure_ground(const Image& image);

// "dark", "coloured" or "light": what a picture is mostly like. Of microscopes' pictures the dark ones glow by a dye, the coloured
// ones are stained, and the light ones are seen against a lamp.
std::string_view kind_of_ground(const Image& image);

}  // namespace omma
