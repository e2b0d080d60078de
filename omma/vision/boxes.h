// Boxes in pixels.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

namespace omma {

// XYXY in pixels of the upright image; x1 and y1 are exclusive edges (width = x1 - x0).
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
  Box shifted(float dx, float dy) const { return {x0 + dx, y0 + dy, x1 + dx, y1 + dy}; }
  float area() const { return std::max(0.F, width()) * std::max(0.F, height()); }
  bool operator==(const Box&) const = default;
};

float intersection_over_union(const Box& a, const Box& b);

// Greedy class-agnostic non-maximum suppression: indices of the kept boxes by falling score (ties: the lower index first). A box
// goes when its IoU with a kept one exceeds `threshold`.
std::vector<int> non_maximum_suppression(std::span<const Box> boxes, std::span<const float> scores, float threshold);

}  // namespace omma
