// What data sets of the picture-book world are told in words: "seed=7,count=500,size=128,objects=1-3".
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <string_view>

#include "omma/base/error.h"
#include "omma/data/world/scene.h"

namespace omma {

struct WorldSettings {
  std::uint64_t seed = 0;
  std::int64_t count = 1000;  // scenes
  SceneOptions scene = {};
};

// `settings` and `split` (empty: train) over the defaults: seed, count, size, variety, together, min_objects, max_objects, and
// objects=N or N-M for both. A setting of another name goes to `other`, which tells whether it knew it; `others` names those for
// the error. Throws std::invalid_argument for unknown names and values out of range.
WorldSettings parse_world_settings(std::string_view settings, std::string_view split, const WorldSettings& defaults,
                                   std::string_view others,
                                   const std::function<bool(std::string_view name, std::string_view value)>& other);

template <class Number>
void read_number(std::string_view name, std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check(error == std::errc() && end == text.data() + text.size(), "world: {}: expected a number, got \"{}\"", name, text);
}

}  // namespace omma
