#include "omma/vision/canvas.h"

#include <algorithm>
#include <cmath>

namespace omma {
namespace {

// Distance from a pixel's centre to the edge of a rectangle with round corners, negative inside.
float distance_to(const Box& box, float radius, int x, int y) {
  radius = std::min({radius, box.width() / 2, box.height() / 2});
  const float across = std::abs(static_cast<float>(x) + 0.5F - (box.x0 + box.x1) / 2) - box.width() / 2 + radius;
  const float down = std::abs(static_cast<float>(y) + 0.5F - (box.y0 + box.y1) / 2) - box.height() / 2 + radius;
  return std::hypot(std::max(across, 0.F), std::max(down, 0.F)) + std::min(std::max(across, down), 0.F) - radius;
}

// The share of a pixel that lies on the inner side of an edge at that distance from its centre.
float coverage(float distance) { return std::clamp(0.5F - distance, 0.F, 1.F); }

// The pixels the box touches, within the picture. A box that is not finite touches none.
struct Pixels {
  int x0, y0, x1, y1;

  Pixels(const Image& image, const Box& box)
      : x0(inside(std::floor(box.x0), image.width)),
        y0(inside(std::floor(box.y0), image.height)),
        x1(inside(std::ceil(box.x1), image.width)),
        y1(inside(std::ceil(box.y1), image.height)) {}

 private:
  static int inside(float value, int side) {
    return std::isfinite(value) ? static_cast<int>(std::clamp(value, 0.F, static_cast<float>(side))) : 0;
  }
};

}  // namespace

void blend(std::uint8_t* pixel, Color color, float opacity) {
  const std::uint8_t parts[3] = {color.red, color.green, color.blue};
  for (int c = 0; c < 3; ++c)
    pixel[c] = static_cast<std::uint8_t>(std::lround(static_cast<float>(pixel[c]) + (parts[c] - pixel[c]) * opacity));
}

void fill_rectangle(Image& image, const Box& box, float radius, Color color, float opacity) {
  const Pixels pixels(image, box);
  for (int y = pixels.y0; y < pixels.y1; ++y)
    for (int x = pixels.x0; x < pixels.x1; ++x)
      if (const float covered = coverage(distance_to(box, radius, x, y)); covered > 0)
        blend(image.pixel(x, y), color, covered * opacity);
}

void stroke_rectangle(Image& image, const Box& box, float radius, float width, Color color, float opacity) {
  const Pixels pixels(image, box);
  const auto margin = static_cast<int>(std::ceil(std::max(width, radius))) + 1;
  for (int y = pixels.y0; y < pixels.y1; ++y) {
    const bool through = y >= pixels.y0 + margin && y < pixels.y1 - margin;  // the row crosses only the two sides
    for (int x = pixels.x0; x < pixels.x1; ++x) {
      if (through && x == pixels.x0 + margin) x = std::max(x, pixels.x1 - margin);
      const float distance = distance_to(box, radius, x, y);
      const float covered = std::min(coverage(distance), coverage(-distance - width));
      if (covered > 0) blend(image.pixel(x, y), color, covered * opacity);
    }
  }
}

}  // namespace omma
