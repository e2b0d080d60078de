// What stands where in a scene: names and colours drawn, objects placed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "omma/base/rng.h"
#include "omma/data/world/emblem.h"
#include "omma/data/world/scene.h"
#include "omma/data/world/stamp.h"

namespace omma {

struct PlacedObject {
  StampPose pose;
  int color = 0;
  std::optional<Emblem> emblem = {};  // in place of a pictogram
  int x = 0;                          // the stamps' upper left pixel
  int y = 0;
  std::vector<Stamp> stamps = {};  // a pictogram's one, or an emblem's three
};

struct Layout {
  // Both maps in one: 0 ground, else the index of the object that is seen, plus 1, plus this times the level of its emblem.
  static constexpr int level_step = 16;

  std::vector<PlacedObject> objects;  // in drawing order
  std::vector<std::uint8_t> owner;    // [H, W]
};

// Names and colours of a scene of the options' split, names as often together as these ask: held-out pairs in combo only, and there
// at least one.
std::vector<ColorName> draw_objects(int count, const SceneOptions& options, Rng& rng);

// Replaces this share of the objects by emblems; in combo scenes one held-out pair stays.
void replace_by_emblems(double share, Split split, std::vector<ColorName>& objects, Rng& rng);

// Places objects, of which none is smaller than `min_extent` per cent of the canvas, until none covers more than 30 % of earlier
// ones and the whole lies in the split's share of all layouts.
Layout place_objects(const std::vector<ColorName>& objects, const SceneOptions& options, int min_extent, Rng& rng);

// The same for the same objects in the same places, in any order.
std::uint64_t content_hash(const std::vector<PlacedObject>& objects);

}  // namespace omma
