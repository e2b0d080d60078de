// Grounds of scenes.
#pragma once

#include "omma/base/rng.h"
#include "omma/data/world/look.h"
#include "omma/vision/image.h"

namespace omma {

// A two-colour gradient, or stripes or checks of two tones, with soft and fine noise.
void draw_ground(Image& image, const Ground& ground, Rng& rng);

}  // namespace omma
