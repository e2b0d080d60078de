// Flat shapes with soft edges, drawn in whole numbers.
#pragma once

#include <array>
#include <string_view>

#include "omma/data/world/stamp.h"

namespace omma {

enum class Shape { disc, triangle, square, diamond, pentagon, hexagon, rectangle, stripe };

std::string_view name_of(Shape shape);

// Radius of the circle about the shape's centre that just fits into it, of 1024 for the one that it just fits into.
int inner_radius(Shape shape);

// Lengths in 1/256 pixel.
struct ShapePose {
  Shape shape = Shape::disc;
  int radius = 0;  // of the circle around it
  int x = 0;       // its centre, from the middle of the stamp
  int y = 0;
  int turn = 0;  // degrees, clockwise
};

// The shape alone on a stamp of this size, as light as `light` says, of 255, and darker along its edge, so that it is told from one
// of its own colour behind it. Its mask are the pixels whose centres lie in
// it: where a shape lies in another, so do their masks.
Stamp draw_shape(const ShapePose& pose, int light, int width, int height);

}  // namespace omma
