#include "omma/data/world_picture_text.h"

#include "omma/data/world/language.h"

namespace omma {

PictureText picture_text_of(const Scene& scene, Rng& rng) {
  PictureText text;
  for (Caption& caption : captions(scene, rng)) text.captions.push_back(std::move(caption.text));
  for (const WorldObject& object : scene.objects)
    text.boxes.push_back({.name = phrase_of({.name = object.name, .color = object.color, .size = ""}),
                          .box = share_of(object.box, scene.image.width, scene.image.height)});
  return text;
}

}  // namespace omma
