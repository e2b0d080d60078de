#include "omma/data/world/shape.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "omma/data/world/turn.h"

namespace omma {
namespace {

// A straight side of a shape: where its outward normal points, in degrees, and how far it is from the centre, of 1024 for the
// circle around the shape.
struct Side {
  int angle = 0;
  int distance = 0;
};

constexpr std::array<Side, 3> triangle = {{{30, 512}, {150, 512}, {270, 512}}};
constexpr std::array<Side, 4> square = {{{0, 724}, {90, 724}, {180, 724}, {270, 724}}};
constexpr std::array<Side, 4> diamond = {{{60, 512}, {120, 512}, {240, 512}, {300, 512}}};
constexpr std::array<Side, 5> pentagon = {{{18, 828}, {90, 828}, {162, 828}, {234, 828}, {306, 828}}};
constexpr std::array<Side, 6> hexagon = {{{0, 887}, {60, 887}, {120, 887}, {180, 887}, {240, 887}, {300, 887}}};
constexpr std::array<Side, 4> rectangle = {{{0, 852}, {90, 568}, {180, 852}, {270, 568}}};
constexpr std::array<Side, 4> stripe = {{{0, 971}, {90, 324}, {180, 971}, {270, 324}}};

struct Outline {
  std::string_view name;
  std::span<const Side> sides;  // of a convex shape; none: a disc
};
constexpr std::array<Outline, 8> outlines = {{{"disc", {}},
                                              {"triangle", triangle},
                                              {"square", square},
                                              {"diamond", diamond},
                                              {"pentagon", pentagon},
                                              {"hexagon", hexagon},
                                              {"rectangle", rectangle},
                                              {"stripe", stripe}}};

const Outline& outline_of(Shape shape) { return outlines[static_cast<std::size_t>(shape)]; }

// How far points lie outside of a shape; below 0 inside. Near the edge, which is where it matters, this is the distance.
class Distance {
 public:
  explicit Distance(const ShapePose& pose) : radius_(pose.radius) {
    for (const Side& side : outline_of(pose.shape).sides)
      sides_[count_++] = {.x = fixed_cosine(side.angle + pose.turn),
                          .y = fixed_sine(side.angle + pose.turn),
                          .offset = std::int64_t{side.distance} * pose.radius * 64};
  }

  // In 1/256 pixel, of a point in 1/256 pixel from the centre.
  std::int64_t operator()(std::int64_t x, std::int64_t y) const {
    if (count_ == 0) return (x * x + y * y - radius_ * radius_) / (2 * radius_);
    std::int64_t farthest = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < count_; ++i) farthest = std::max(farthest, sides_[i].x * x + sides_[i].y * y - sides_[i].offset);
    return farthest >> 16;
  }

 private:
  struct Line {
    std::int64_t x = 0, y = 0;  // the normal, of 2^16
    std::int64_t offset = 0;    // of 2^24 for a pixel
  };
  std::int64_t radius_;
  std::array<Line, 6> sides_{};
  std::size_t count_ = 0;
};

}  // namespace

std::string_view name_of(Shape shape) { return outline_of(shape).name; }

int inner_radius(Shape shape) {
  int radius = 1024;
  for (const Side& side : outline_of(shape).sides) radius = std::min(radius, side.distance);
  return radius;
}

Stamp draw_shape(const ShapePose& pose, int light, int width, int height) {
  constexpr int half_pixel = 128;
  const Distance distance(pose);
  const int rim = pose.radius / 12, shade = light * 3 / 8;  // how wide, and how much darker
  Stamp stamp{.width = width, .height = height};
  stamp.texels.resize(static_cast<std::size_t>(width) * height);
  Texel* out = stamp.texels.data();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x, ++out) {
      const std::int64_t outside = distance((2 * x + 1 - width) * half_pixel - pose.x, (2 * y + 1 - height) * half_pixel - pose.y);
      const auto covered = [&](std::int64_t inside) {  // edges are one pixel wide
        return static_cast<int>(std::clamp<std::int64_t>(half_pixel + inside, 0, 255));
      };
      const int alpha = covered(-outside);
      const int brightness = light - shade * covered(outside + rim) / 255;
      *out = {static_cast<std::uint8_t>(alpha), static_cast<std::uint8_t>((brightness * alpha + 127) / 255)};
      stamp.area += alpha >= Stamp::solid;
    }
  }
  return stamp;
}

}  // namespace omma
