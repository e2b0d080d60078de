// Masks to polygons: the edges between pixels that are set and pixels that are not, followed all around.
#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "omma/base/error.h"
#include "omma/vision/mask_regions.h"
#include "omma/vision/polygon_simplifier.h"
#include "omma/vision/polygons.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

// A corner that a ring turns at.
struct Corner {
  int x, y;
  bool pinch;  // pixels of the mask meet here by their corners alone: a ring may come here twice
};

struct Step {
  int x, y;
};

constexpr std::array<Step, 4> steps = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};  // each a right turn from the one before

// Follows the edges of a mask with the pixels set on the right-hand side.
class EdgeFollower {
 public:
  explicit EdgeFollower(const Mask& mask) : mask_(mask), followed_(mask.width, mask.height) {}

  template <class Visit>
  void for_each_ring(Visit&& visit) {
    for (int y = 0; y < mask_.height; ++y)
      for (int x = 0; x < mask_.width; ++x)
        if (is_set(x, y) && !is_set(x, y - 1) && followed_.at(x, y) == 0) visit(follow(x, y));
  }

 private:
  bool is_set(int x, int y) const { return x >= 0 && y >= 0 && x < mask_.width && y < mask_.height && mask_.at(x, y) != 0; }

  // From the upper edge of a pixel. Every ring has such edges, and the first of them begins at a turn.
  std::vector<Corner> follow(int start_x, int start_y) {
    std::vector<Corner> ring;
    int x = start_x, y = start_y;
    std::size_t direction = 0;
    do {
      if (direction == 0) followed_.at(x, y) = 1;
      x += steps[direction].x;
      y += steps[direction].y;
      const bool left = ahead_is_set(x, y, direction, false), right = ahead_is_set(x, y, direction, true);
      if (right && !left) continue;
      ring.push_back({x, y, left && !right});
      direction = (direction + (right ? 3 : 1)) % 4;
    } while (x != start_x || y != start_y || direction != 0);
    return ring;
  }

  // The pixel beyond the corner (x, y), on either side of the way.
  bool ahead_is_set(int x, int y, std::size_t direction, bool right_side) const {
    const Step ahead = steps[direction], right = steps[(direction + 1) % 4];
    const int side = right_side ? 1 : -1;
    return is_set(x + (ahead.x + side * right.x - 1) / 2, y + (ahead.y + side * right.y - 1) / 2);
  }

  const Mask& mask_;
  Mask followed_;  // the upper edges of pixels that a ring has passed
};

// Cuts a ring where it comes to a corner again, so that each piece has every point once.
template <class Visit>
void for_each_simple_ring(const std::vector<Corner>& ring, Visit&& visit) {
  std::vector<Corner> open;
  std::unordered_map<std::int64_t, std::size_t> place_in_open;
  for (const Corner& corner : ring) {
    if (corner.pinch) {
      const auto [before, first] = place_in_open.try_emplace(std::int64_t{corner.x} << 32 | corner.y, open.size());
      if (!first) {
        visit(std::span<const Corner>(open).subspan(before->second));
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(before->second), open.end());
      }
    }
    open.push_back(corner);
  }
  visit(std::span<const Corner>(open));
}

// Twice the area, above 0 where the mask is inside of the ring.
std::int64_t turning(std::span<const Corner> ring) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Corner &a = ring[i], &b = ring[(i + 1) % ring.size()];
    sum += std::int64_t{a.x} * b.y - std::int64_t{a.y} * b.x;
  }
  return sum;
}

// Of a region that hangs together by its sides, which therefore has one outer ring.
Outline outline_of(const RunLengths& region) {
  const Box box = bounding_box(region);
  const int left = static_cast<int>(box.x0), top = static_cast<int>(box.y0);
  const Mask mask = decode(place(region, -left, -top, static_cast<int>(box.x1) - left, static_cast<int>(box.y1) - top));
  Outline outline;
  EdgeFollower(mask).for_each_ring([&](const std::vector<Corner>& ring) {
    for_each_simple_ring(ring, [&](std::span<const Corner> corners) {
      Polygon polygon;
      for (const Corner& corner : corners) {
        polygon.xy.push_back(left + corner.x);
        polygon.xy.push_back(top + corner.y);
      }
      (turning(corners) > 0 ? outline.outer : outline.holes.emplace_back()) = std::move(polygon);
    });
  });
  return outline;
}

}  // namespace

std::vector<Outline> outlines_of(const RunLengths& mask, double min_iou) {
  check(min_iou >= 0 && min_iou <= 1, "outlines: expected a least IoU of 0 to 1, got {}", min_iou);
  std::vector<Outline> exact;
  for (const RunLengths& region : connected_regions(mask, Connectivity::four)) exact.push_back(outline_of(region));
  if (min_iou == 1) return exact;
  // The triangles left out bound the difference. Where pixels' middles make it more than that, the next try leaves out less.
  for (double share = 1 - min_iou; share > .01 * (1 - min_iou); share /= 2) {
    std::vector<Outline> simple = exact;
    for (Outline& part : simple) simplify(part, share);
    if (intersection_over_union(rasterize(simple, mask.width, mask.height), mask) >= min_iou) return simple;
  }
  return exact;
}

}  // namespace omma
