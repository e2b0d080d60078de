// The picture-book world as segmentation data: pictures, and the masks of the objects in them.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/data/world/scene.h"

namespace omma {

struct MaskedObject {
  Mask visible;  // of the picture's size, at least one pixel set
  Box box;       // tight around it
  int area = 0;  // pixels set
  MaskLevel level = MaskLevel::whole;
  int parent = -1;  // of a part and a sub-part: place in the list of what it lies in
  int object = 0;   // which of the scene's
};

struct MaskedScene {
  Image image = {};
  std::vector<MaskedObject> objects = {};  // in drawing order; an emblem's three in a row, the whole first
};

// One mask of each pictogram, three of each emblem.
std::vector<MaskedObject> masked_objects(const Scene& scene);

// As make_scene(): a pure function of seed and index, for any thread.
MaskedScene make_masked_scene(std::uint64_t seed, std::uint64_t index, const SceneOptions& options);

}  // namespace omma
