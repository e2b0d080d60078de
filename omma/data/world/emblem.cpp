#include "omma/data/world/emblem.h"

#include <span>

#include "omma/data/world/words.h"

namespace omma {
namespace {

constexpr std::array bodies = {Shape::disc,     Shape::triangle, Shape::square,   Shape::diamond,
                               Shape::pentagon, Shape::hexagon,  Shape::rectangle};
constexpr std::array marks = {Shape::disc, Shape::stripe};

// Another shape than the outer one, and none so pointed that no mark would fit into both.
Shape pick_part(Shape outer, Rng& rng) {
  constexpr int roomy = 350;  // inner radius of the part, of 1024 for the outer shape's radius
  for (;;) {
    const Shape part = rng.pick(std::span<const Shape>(bodies));
    if (part != outer && inner_radius(outer) * inner_radius(part) >= roomy * 1024) return part;
  }
}

int other_color(int color, Rng& rng) { return (color + rng.between(1, world_color_count - 1)) % world_color_count; }

// A shape somewhere within another, which takes `per_cent` of the circle in that.
EmblemShape place_within(const EmblemShape& outer, Shape shape, int per_cent, Rng& rng) {
  const int room = outer.pose.radius * inner_radius(outer.pose.shape) / 1024;
  const int radius = room * per_cent / 100;
  const int play = (room - radius) / 3;  // either way: half of what is left around it stays on each side
  return {.pose = {.shape = shape,
                   .radius = radius,
                   .x = outer.pose.x + rng.between(-play, play),
                   .y = outer.pose.y + rng.between(-play, play),
                   .turn = rng.between(0, 359)},
          .color = other_color(outer.color, rng),
          .light = rng.between(150, 255)};
}

}  // namespace

Emblem design_emblem(int color, int extent, Rng& rng) {
  const EmblemShape whole{
      .pose = {.shape = rng.pick(std::span<const Shape>(bodies)), .radius = extent * 128, .turn = rng.between(0, 359)},
      .color = color,
      .light = rng.between(150, 255)};
  const Shape inner = pick_part(whole.pose.shape, rng), mark = rng.pick(std::span<const Shape>(marks));
  const EmblemShape part = place_within(whole, inner, rng.between(62, 78), rng);
  return {whole, part, place_within(part, mark, mark == Shape::stripe ? 85 : rng.between(50, 75), rng)};
}

std::vector<Stamp> draw_emblem(const Emblem& emblem) {
  const int side = 2 * (emblem[0].pose.radius / 256) + 3;  // and a pixel around for soft edges
  std::vector<Stamp> stamps;
  for (const EmblemShape& shape : emblem) stamps.push_back(draw_shape(shape.pose, shape.light, side, side));
  return stamps;
}

}  // namespace omma
