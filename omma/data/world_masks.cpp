#include "omma/data/world_masks.h"

#include <utility>

namespace omma {

std::vector<MaskedObject> masked_objects(const Scene& scene) {
  std::vector<MaskedObject> masked;
  for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i) {
    const WorldObject& object = scene.objects[static_cast<std::size_t>(i)];
    masked.push_back({.visible = visible_mask(scene, i), .box = object.box, .area = object.area, .object = i});
    for (std::size_t level = 1; level < object.levels.size(); ++level) {
      const EmblemPart& part = object.levels[level];
      masked.push_back({.visible = visible_mask(scene, i, static_cast<MaskLevel>(level)),
                        .box = part.box,
                        .area = part.area,
                        .level = static_cast<MaskLevel>(level),
                        .parent = static_cast<int>(masked.size()) - 1,
                        .object = i});
    }
  }
  return masked;
}

MaskedScene make_masked_scene(std::uint64_t seed, std::uint64_t index, const SceneOptions& options) {
  Scene scene = make_scene(seed, index, options);
  std::vector<MaskedObject> objects = masked_objects(scene);
  return {.image = std::move(scene.image), .objects = std::move(objects)};
}

}  // namespace omma
