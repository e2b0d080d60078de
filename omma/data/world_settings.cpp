#include "omma/data/world_settings.h"

#include <algorithm>

namespace omma {
namespace {

// Cuts off and returns what stands before the separator.
std::string_view next_part(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

void read_objects(std::string_view name, std::string_view range, SceneOptions& scene) {
  read_number(name, next_part(range, '-'), scene.min_objects);
  scene.max_objects = scene.min_objects;
  if (!range.empty()) read_number(name, range, scene.max_objects);
}

}  // namespace

WorldSettings parse_world_settings(std::string_view text, std::string_view split, const WorldSettings& defaults,
                                   std::string_view others,
                                   const std::function<bool(std::string_view name, std::string_view value)>& other) {
  WorldSettings settings = defaults;
  settings.scene.split = split.empty() ? Split::train : parse_split(split);
  while (!text.empty()) {
    std::string_view value = next_part(text, ',');
    const std::string_view name = next_part(value, '=');
    if (name == "seed")
      read_number(name, value, settings.seed);
    else if (name == "count")
      read_number(name, value, settings.count);
    else if (name == "size")
      read_number(name, value, settings.scene.size);
    else if (name == "objects")
      read_objects(name, value, settings.scene);
    else if (name == "min_objects")
      read_number(name, value, settings.scene.min_objects);
    else if (name == "max_objects")
      read_number(name, value, settings.scene.max_objects);
    else if (name == "variety")
      read_number(name, value, settings.scene.variety);
    else if (name == "together")
      read_number(name, value, settings.scene.together);
    else
      check(other(name, value),
            "world: expected seed, count, size, objects, min_objects, max_objects, together, variety or {}, got \"{}\"", others,
            name);
  }
  check(settings.count >= 1 && settings.count <= 1'000'000'000'000, "world: count: expected 1 to 10^12, got {}", settings.count);
  make_scene(settings.seed, 0, settings.scene);  // refuses bad options now, not in a loader thread
  return settings;
}

}  // namespace omma
