// A scene of the picture-book world in words.
#pragma once

#include "omma/base/rng.h"
#include "omma/data/picture_text.h"
#include "omma/data/world/scene.h"

namespace omma {

// Five captions, and every object's box by colour and name.
PictureText picture_text_of(const Scene& scene, Rng& rng);

}  // namespace omma
