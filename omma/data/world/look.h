// How a scene is drawn and seen: what two renderers of the same world, or two cameras, do differently.
#pragma once

#include "omma/base/rng.h"
#include "omma/data/world/camera.h"

namespace omma {

struct Ground {
  enum class Kind { gradient, stripes };  // stripes: or checks, of two middle tones, which only the domain split has
  Kind kind = Kind::gradient;
  int darkest = 196, lightest = 250;  // levels that its colours are drawn from
  int unevenness = 6;                 // of soft noise, grey levels either way
  int grain = 3;                      // of fine noise, likewise
};

struct Look {
  int min_extent = 17;  // of an object, per cent of the canvas
  Ground ground = {};
  int hue_jitter = 0;    // of each object, of 1536 for the circle, either way; of gray, half as much of its brightness
  int saturation = 218;  // of 256: .85
  int darkest = 64;      // brightness of a pictogram's black, of 256: .25
  int contrast = 179;    // and what its white adds: .7
  Camera camera = {};
};

// The training scenes' own variety: ground with noise or none, tints and sizes within their names, a camera of everyday faults.
Look draw_varied_look(Rng& rng);

// The domain split's: hard in the same ways, with grounds and strengths that draw_varied_look never gives.
Look draw_domain_look(Rng& rng);

}  // namespace omma
