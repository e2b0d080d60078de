// Grounds of scenes.
#pragma once

#include "omma/base/rng.h"
#include "omma/vision/image.h"

namespace omma {

// A pale two-colour gradient with soft noise.
void draw_ground(Image& image, Rng& rng);

// The domain split's: stripes or checks of two middle tones with coarse noise, which no other split has.
void draw_domain_ground(Image& image, Rng& rng);

}  // namespace omma
