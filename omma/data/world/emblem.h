// Emblems: a shape within a shape within a shape. A click on the innermost has three right answers, which pictograms never have.
#pragma once

#include <array>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/shape.h"
#include "omma/data/world/stamp.h"

namespace omma {

struct EmblemShape {
  ShapePose pose = {};  // from the middle of the emblem
  int color = 0;        // world_color(color); never that of the shape around it
  int light = 0;        // of 255
};

// From the outside in, each shape in what the one before leaves free: the whole, its part, and the mark on that, a dot or a stripe.
using Emblem = std::array<EmblemShape, 3>;

// `extent` is the outer shape's long side in pixels.
Emblem design_emblem(int color, int extent, Rng& rng);

// A stamp of each shape, all of one size, to be laid on each other in this order.
std::vector<Stamp> draw_emblem(const Emblem& emblem);

}  // namespace omma
