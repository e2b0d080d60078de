// Texts as a noisy web would put them beside pictures: often right, sometimes another picture's, nearly right, or about nothing
// that can be seen. The noise is known by construction, so that a filter can be judged.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "omma/base/rng.h"
#include "omma/data/world/scene.h"

namespace omma {

enum class WebNoise {
  clean,        // the true caption
  other_scene,  // the caption of a scene that has something which is not here
  swapped,      // the true caption with one colour, name, count or relation replaced, and so wrong
  generic,      // one of generic_texts()
};
std::string_view name_of(WebNoise noise);

struct WebText {
  std::string text;
  WebNoise noise = WebNoise::clean;
  std::string true_caption;  // an exact_caption
};

// Noise with the probability given: two in five other scenes (of the same split, drawn by `options`), two swapped, one generic.
// Throws std::invalid_argument for a probability out of 0..1.
WebText web_text(const Scene& scene, const SceneOptions& options, double noise, Rng& rng);

// An exact_caption with one attribute replaced, and so wrong.
std::string swapped_text(const Scene& scene, Rng& rng);

std::span<const std::string_view> generic_texts();

}  // namespace omma
