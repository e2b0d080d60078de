// Results drawn over pictures, for people.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "omma/vision/boxes.h"
#include "omma/vision/canvas.h"
#include "omma/vision/image.h"
#include "omma/vision/mask.h"

namespace omma {

struct LabelledBox {
  Box box;                     // pixels; what lies outside the picture is left out
  std::string label;           // UTF-8 from anywhere; "" draws the box alone
  std::optional<float> score;  // 0..1, shown as a percentage
  int color = 0;               // of the palette
};

// A palette of hues that are told apart at a glance, on dark and on light ground; `index` may be any number and wraps around.
Color palette_color(int index);

// Boxes with their labels, by falling score from front to back. Lines and letters follow the picture's size. A label stands above
// its box, or where it fits and covers the others least, whole and inside the picture; a long one is cut with an ellipsis. Without
// a font (see Font::load) the boxes are drawn bare, and a warning is logged once. Thread-safe for different pictures.
void draw_boxes(Image& image, std::span<const LabelledBox> boxes);

// The picture with boxes drawn over it, for a person to look at: one of less than 480 pixels on its shorter side is enlarged by a
// whole factor first (up to 2,048 on the longer one), so that lines and letters hide little of it.
Image overlay_of(const Image& image, std::span<const LabelledBox> boxes);

// The mask as a tint with a line along its outline. Throws std::invalid_argument where its size differs from the picture's.
void draw_mask(Image& image, const Mask& mask, int color);

}  // namespace omma
