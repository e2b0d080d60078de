// Scenes of the picture-book world: tinted pictograms and emblems on a pale ground, with every label exact. Rendering is integer
// arithmetic only, so the same seed gives the same pixels on every machine.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "omma/data/world/shape.h"
#include "omma/data/world/split.h"
#include "omma/data/world/words.h"
#include "omma/vision/boxes.h"
#include "omma/vision/image.h"
#include "omma/vision/mask.h"

namespace omma {

struct SceneOptions {
  int size = 128;  // pixels a side of the square canvas, 32 to 4096
  Split split = Split::train;
  int min_objects = 0;  // 0: the split's own limits, which are 1 to 6, and 7 to 9 for Split::len
  int max_objects = 0;
  double variety = 0;   // share of scenes that look as other renderers and cameras show them (look.h); the domain split has its own
  double emblems = 0;   // share of objects that are emblems: for segmentation, since no text speaks of them. From 64 pixels a side
  double together = 0;  // how likely a name that comes into a scene brings along its partner (partners.h), if there is room for one
                        // more object; 0: names come as they are drawn
};

// How deep a mask lies in its object: a pictogram is whole, and has no parts.
enum class MaskLevel { whole, part, sub_part };
inline constexpr int mask_level_count = 3;
std::string_view name_of(MaskLevel level);  // "whole", "part", "sub-part"

// A shape of an emblem with all that lies within.
struct EmblemPart {
  Shape shape = Shape::disc;
  int color = 0;  // world_color(color)
  Box box = {};   // as a WorldObject's
  int area = 0;
};

struct WorldObject {
  int name = 0;                         // world_noun(name), or world_emblem
  int color = 0;                        // world_color(color); an emblem's outer shape's
  Box box = {};                         // tight on the visible mask; whole pixels
  int area = 0;                         // pixels of the visible mask
  int extent = 0;                       // long side of the upright pictogram in pixels, however much of it is covered
  std::vector<EmblemPart> levels = {};  // an emblem's three, by MaskLevel; else empty
};

struct Scene {
  Split split = Split::train;
  Image image = {};
  std::vector<WorldObject> objects = {};  // in drawing order: later ones cover earlier ones, by at most 30 % of their area
  std::vector<std::uint8_t> owner = {};   // [H, W] row-major: 0 ground, i + 1 where objects[i] is seen
  std::vector<std::uint8_t> level = {};   // [H, W]: where an emblem is seen, the MaskLevel of its innermost shape there; else 0.
                                          // Empty where there is no emblem
};

// Scene number `index` (below 2^56) of a seed. Pure: safe on any thread, in any order. Throws std::invalid_argument for options out
// of range.
Scene make_scene(std::uint64_t seed, std::uint64_t index, const SceneOptions& options = {});

// Of a shape of an emblem, with all that lies within. What an object does not have is empty.
Mask visible_mask(const Scene& scene, int object, MaskLevel level = MaskLevel::whole);

bool has_emblems(const Scene& scene);

// Throws std::invalid_argument where the scene has emblems: `what` could not be true of it.
void expect_no_emblems(const Scene& scene, std::string_view what);

// Per-pixel classes for pre-training a backbone, [H, W] row-major: 0 is ground, else name + 1 and color + 1. Of scenes without
// emblems.
struct ClassMap {
  std::vector<std::uint8_t> names;
  std::vector<std::uint8_t> colors;
};
ClassMap class_map(const Scene& scene);
inline constexpr std::int64_t world_name_classes = world_name_count + 1, world_color_classes = world_color_count + 1;

// "small", "large", or "" in between.
std::string_view size_word(const Scene& scene, int object);

enum class Relation { left_of, right_of, above, below, larger, smaller };

// Whether objects[a] stands in `relation` to objects[b], by box centres (and by extent for larger and smaller), with a margin of 8
// % of the canvas (a quarter more extent) so that a person would not dispute it.
bool holds(const Scene& scene, Relation relation, int a, int b);

}  // namespace omma
