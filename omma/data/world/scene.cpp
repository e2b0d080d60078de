#include "omma/data/world/scene.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/base/rng.h"
#include "omma/data/world/ground.h"
#include "omma/data/world/layout.h"
#include "omma/data/world/look.h"

namespace omma {
namespace {

constexpr int object_limit = 9;
constexpr int smallest_with_emblems = 64;
constexpr std::uint64_t kLookStream = 0x6c6f6f6b00000000ULL;

// A tint's share of the brightness in each channel, of 256.
using Tint = std::array<int, 3>;

// HSV at brightness 1 in integers: `hue` in 1/1536 of the circle, saturation of 256.
Tint tint_of_hue(int hue, int saturation) {
  const int within = hue % 256;
  const int low = 256 - saturation;
  const int falling = 256 - saturation * within / 256;
  const int rising = 256 - saturation * (256 - within) / 256;
  switch (hue / 256 % 6) {
    case 0:
      return {256, rising, low};
    case 1:
      return {falling, 256, low};
    case 2:
      return {low, 256, rising};
    case 3:
      return {low, falling, 256};
    case 4:
      return {rising, low, 256};
    default:
      return {256, low, falling};
  }
}

Tint tint_of(int color, const Look& look, Rng& rng) {
  constexpr std::array<int, world_color_count - 1> hues = {0, 215, 522, 937, 1213};  // 0, .14, .34, .61, .79
  const int jitter = look.hue_jitter > 0 ? rng.between(-look.hue_jitter, look.hue_jitter) : 0;
  if (color == world_color_count - 1) return {192 + jitter / 2, 192 + jitter / 2, 192 + jitter / 2};
  return tint_of_hue((hues[static_cast<std::size_t>(color)] + jitter + 1536) % 1536, look.saturation);
}

// Over the ground, with brightness .25 + .7 L of the pictogram's own luminance L, or what the look has instead.
void blend(Image& image, const Stamp& stamp, int left, int top, const Tint& tint, const Look& look) {
  const Texel* texel = stamp.texels.data();
  for (int y = 0; y < stamp.height; ++y) {
    std::uint8_t* out = image.pixel(left, top + y);
    for (int x = 0; x < stamp.width; ++x, ++texel, out += 3) {
      if (texel->alpha == 0) continue;
      const int brightness = look.darkest * texel->alpha + look.contrast * texel->light;  // times alpha, of 2^16
      const int ground = 255 - texel->alpha;
      for (std::size_t c = 0; c < 3; ++c)
        out[c] = static_cast<std::uint8_t>(((brightness * tint[c]) >> 16) + (out[c] * ground + 127) / 255);
    }
  }
}

void draw_object(Image& image, const PlacedObject& object, const Look& look, Rng& rng) {
  for (std::size_t level = 0; level < object.stamps.size(); ++level) {
    const int color = object.emblem ? (*object.emblem)[level].color : object.color;
    blend(image, object.stamps[level], object.x, object.y, tint_of(color, look, rng), look);
  }
}

// Box and area of what is seen of an object, from the level on inwards.
struct Seen {
  Box box;
  int area = 0;
};
Seen measure(const Layout& layout, std::size_t index, std::size_t level, int size) {
  const PlacedObject& placed = layout.objects[index];
  const Stamp& stamp = placed.stamps[level];
  int area = 0, left = size, top = size, right = 0, bottom = 0;
  for (int y = placed.y; y < placed.y + stamp.height; ++y) {
    const std::uint8_t* row = layout.owner.data() + static_cast<std::ptrdiff_t>(y) * size;
    for (int x = placed.x; x < placed.x + stamp.width; ++x) {
      if (row[x] % Layout::level_step != index + 1 || row[x] / Layout::level_step < level) continue;
      ++area;
      left = std::min(left, x);
      right = std::max(right, x + 1);
      top = std::min(top, y);
      bottom = y + 1;
    }
  }
  return {.box = {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right), static_cast<float>(bottom)},
          .area = area};
}

WorldObject describe(const Layout& layout, std::size_t index, int size) {
  const PlacedObject& placed = layout.objects[index];
  WorldObject object{.name = placed.pose.name, .color = placed.color, .extent = placed.pose.extent};
  for (std::size_t level = 0; level < placed.stamps.size(); ++level) {
    const auto [box, area] = measure(layout, index, level, size);
    if (level == 0) {
      object.box = box;
      object.area = area;
    }
    if (!placed.emblem) continue;
    const EmblemShape& shape = (*placed.emblem)[level];
    object.levels.push_back({.shape = shape.pose.shape, .color = shape.color, .box = box, .area = area});
  }
  return object;
}

// Drawn from random numbers of its own, so that a scene's objects and places are those that its plain look has.
Look look_of(const SceneOptions& options, std::uint64_t seed, std::uint64_t stream) {
  Rng rng(seed ^ kLookStream, stream);
  if (options.split == Split::domain) return draw_domain_look(rng);
  return rng.chance(options.variety) ? draw_varied_look(rng) : Look();
}

// Takes apart what a layout has in one map.
void part_levels(Scene& scene) {
  scene.level.resize(scene.owner.size());
  for (std::size_t i = 0; i < scene.owner.size(); ++i) {
    scene.level[i] = static_cast<std::uint8_t>(scene.owner[i] / Layout::level_step);
    scene.owner[i] = static_cast<std::uint8_t>(scene.owner[i] % Layout::level_step);
  }
}

SceneOptions with_limits(SceneOptions options) {
  const bool long_scenes = options.split == Split::len;
  if (options.min_objects == 0) options.min_objects = long_scenes ? 7 : 1;
  if (options.max_objects == 0) options.max_objects = long_scenes ? 9 : std::max(6, options.min_objects);
  check(options.size >= 32 && options.size <= 4096, "scene size: expected 32 to 4096 pixels, got {}", options.size);
  check(options.min_objects >= 1 && options.min_objects <= options.max_objects && options.max_objects <= object_limit,
        "objects of a scene: expected 1 to {}, got {} to {}", object_limit, options.min_objects, options.max_objects);
  check(options.variety >= 0 && options.variety <= 1, "variety of scenes: expected a share of 0 to 1, got {}", options.variety);
  check(options.emblems >= 0 && options.emblems <= 1, "emblems: expected a share of 0 to 1, got {}", options.emblems);
  check(options.together >= 0 && options.together <= 1, "together: expected a probability of 0 to 1, got {}", options.together);
  check(options.emblems == 0 || options.size >= smallest_with_emblems,
        "size of scenes with emblems: expected {} to 4096 pixels, got {}", smallest_with_emblems, options.size);
  return options;
}

}  // namespace

Scene make_scene(std::uint64_t seed, std::uint64_t index, const SceneOptions& given) {
  const SceneOptions options = with_limits(given);
  check(index < std::uint64_t{1} << 56, "scene index: expected below 2^56, got {}", index);
  const std::uint64_t stream = static_cast<std::uint64_t>(options.split) << 56 | index;  // each split has its own range
  const Look look = look_of(options, seed, stream);
  Rng rng(seed, stream);
  auto objects = draw_objects(rng.between(options.min_objects, options.max_objects), options, rng);
  if (options.emblems > 0) replace_by_emblems(options.emblems, options.split, objects, rng);
  Layout layout = place_objects(objects, options, look.min_extent, rng);

  Scene scene{.split = options.split, .image = Image(options.size, options.size)};
  draw_ground(scene.image, look.ground, rng);
  for (std::size_t i = 0; i < layout.objects.size(); ++i) {
    draw_object(scene.image, layout.objects[i], look, rng);
    scene.objects.push_back(describe(layout, i, options.size));
  }
  scene.owner = std::move(layout.owner);
  if (has_emblems(scene)) part_levels(scene);
  scene.image = seen_by(look.camera, std::move(scene.image), rng);
  return scene;
}

std::string_view name_of(MaskLevel level) {
  static constexpr std::array<std::string_view, mask_level_count> names = {"whole", "part", "sub-part"};
  return names[static_cast<std::size_t>(level)];
}

Mask visible_mask(const Scene& scene, int object, MaskLevel level) {
  Mask mask(scene.image.width, scene.image.height);
  const bool whole = level == MaskLevel::whole;
  if (!whole && scene.level.empty()) return mask;
  for (std::size_t i = 0; i < mask.data.size(); ++i)
    mask.data[i] = scene.owner[i] == object + 1 && (whole || scene.level[i] >= static_cast<int>(level));
  return mask;
}

bool has_emblems(const Scene& scene) {
  return std::ranges::any_of(scene.objects, [](const WorldObject& object) { return object.name == world_emblem; });
}

void expect_no_emblems(const Scene& scene, std::string_view what) {
  check(!has_emblems(scene), "{}: expected a scene without emblems", what);
}

ClassMap class_map(const Scene& scene) {
  expect_no_emblems(scene, "class map");
  std::array<std::uint8_t, object_limit + 1> names{}, colors{};
  for (std::size_t i = 0; i < scene.objects.size(); ++i) {
    names[i + 1] = static_cast<std::uint8_t>(scene.objects[i].name + 1);
    colors[i + 1] = static_cast<std::uint8_t>(scene.objects[i].color + 1);
  }
  ClassMap map{std::vector<std::uint8_t>(scene.owner.size()), std::vector<std::uint8_t>(scene.owner.size())};
  for (std::size_t i = 0; i < scene.owner.size(); ++i) {
    map.names[i] = names[scene.owner[i]];
    map.colors[i] = colors[scene.owner[i]];
  }
  return map;
}

std::string_view size_word(const Scene& scene, int object) {
  const int per_cent = scene.objects[static_cast<std::size_t>(object)].extent * 100 / scene.image.width;
  return per_cent < 24 ? "small" : per_cent >= 34 ? "large" : "";
}

bool holds(const Scene& scene, Relation relation, int a, int b) {
  const WorldObject& first = scene.objects[static_cast<std::size_t>(a)];
  const WorldObject& second = scene.objects[static_cast<std::size_t>(b)];
  const float margin = .16F * static_cast<float>(scene.image.width);  // sums of two edges are twice the centre
  const float right = first.box.x0 + first.box.x1 - second.box.x0 - second.box.x1;
  const float down = first.box.y0 + first.box.y1 - second.box.y0 - second.box.y1;
  switch (relation) {
    case Relation::left_of:
      return right <= -margin;
    case Relation::right_of:
      return right >= margin;
    case Relation::above:
      return down <= -margin;
    case Relation::below:
      return down >= margin;
    case Relation::larger:
      return first.extent * 4 >= second.extent * 5;
    case Relation::smaller:
      return second.extent * 4 >= first.extent * 5;
  }
  return false;
}

}  // namespace omma
