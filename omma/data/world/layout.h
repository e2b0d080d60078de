// What stands where in a scene: names and colours drawn, objects placed.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/scene.h"
#include "omma/data/world/stamp.h"

namespace omma {

struct PlacedObject {
  StampPose pose;
  int color = 0;
  int x = 0;  // the stamp's upper left pixel
  int y = 0;
  Stamp stamp = {};
};

struct Layout {
  std::vector<PlacedObject> objects;  // in drawing order
  std::vector<std::uint8_t> owner;    // as Scene::owner
};

// Names and colours of a scene of the split: held-out pairs in combo only, and there at least one.
std::vector<ColorName> draw_objects(int count, Split split, Rng& rng);

// Places objects, of which none is smaller than `min_extent` per cent of the canvas, until none covers more than 30 % of earlier
// ones and the whole lies in the split's share of all layouts.
Layout place_objects(const std::vector<ColorName>& objects, const SceneOptions& options, int min_extent, Rng& rng);

// The same for the same objects in the same places, in any order.
std::uint64_t content_hash(const std::vector<PlacedObject>& objects);

}  // namespace omma
