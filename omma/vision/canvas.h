// Antialiased shapes on a picture. Coordinates are pixels, edges lie between them: a pixel (x, y) covers [x, x + 1) x [y, y + 1).
#pragma once

#include <cstdint>

#include "omma/vision/boxes.h"
#include "omma/vision/image.h"

namespace omma {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Color&) const = default;
};

// The share `opacity` (0..1) of `color` over the pixel.
void blend(std::uint8_t* pixel, Color color, float opacity);

// What lies outside the picture is left out. `radius` is the corners'.
void fill_rectangle(Image& image, const Box& box, float radius, Color color, float opacity);

// A line of `width` pixels along the inside of the box's edge.
void stroke_rectangle(Image& image, const Box& box, float radius, float width, Color color, float opacity);

}  // namespace omma
