// Polygons to masks by the rule of pycocotools (rleFrPoly in https://github.com/cocodataset/cocoapi, common/maskApi.c), to the bit.
//
// The outline is drawn on a grid five times as fine. It changes the inside where it passes the middle of a column of pixels, which
// is the step from 5 x + 2 to 5 x + 3 of the fine grid: from there down, up to the next such place, pixels are inside. pycocotools
// walks every fine step of the outline; here each edge is asked for its places at once, by the same arithmetic.
#include <algorithm>
#include <cmath>
#include <limits>

#include "omma/base/error.h"
#include "omma/vision/polygons.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

constexpr int fine_steps = 5;  // a pixel
constexpr double coordinate_limit = 1e8;

struct FinePoint {
  int x = 0, y = 0;
};

// Of the middle of column x.
constexpr int before_middle(int x) { return fine_steps * x + fine_steps / 2; }

int to_fine(double coordinate) { return static_cast<int>(fine_steps * coordinate + .5); }

// The first pixel of a column that lies below the fine row `y`.
int first_pixel_below(int y, int height) {
  return static_cast<int>(std::ceil(std::clamp((y + .5) / fine_steps - .5, 0., static_cast<double>(height))));
}

class EdgeWalk {
 public:
  EdgeWalk(int width, int height, std::vector<std::int64_t>& changes) : width_(width), height_(height), changes_(changes) {}

  void add_edge(FinePoint from, FinePoint to) {
    const int across = std::abs(to.x - from.x), down = std::abs(to.y - from.y);
    if (across == 0) return;  // along a column: it passes no middle
    if (across >= down) {
      if (from.x > to.x) std::swap(from, to);
      add_flat_edge(from, to);
    } else {
      if (from.y > to.y) std::swap(from, to);
      add_steep_edge(from, to);
    }
  }

 private:
  // A fine step to the right at a time, its y rounded.
  void add_flat_edge(FinePoint from, FinePoint to) {
    const double slope = static_cast<double>(to.y - from.y) / (to.x - from.x);
    const auto y_after = [&](int steps) { return static_cast<int>(from.y + slope * steps + .5); };
    for_each_middle(from.x, to.x, [&](int x) {
      const int steps = before_middle(x) - from.x;
      add_change(x, std::min(y_after(steps), y_after(steps + 1)));
    });
  }

  // A fine step down at a time, its x rounded.
  void add_steep_edge(FinePoint from, FinePoint to) {
    const double slope = static_cast<double>(to.x - from.x) / (to.y - from.y);
    const auto x_after = [&](int steps) { return static_cast<int>(from.x + slope * steps + .5); };
    const bool rising = slope > 0;
    for_each_middle(std::min(from.x, to.x), std::max(from.x, to.x), [&](int x) {
      int before = 0, beyond = to.y - from.y + 1;  // the steps that do not pass the middle come first: how many
      while (before < beyond) {
        const int middle = before + (beyond - before) / 2;
        if ((x_after(middle) <= before_middle(x)) == rising)
          before = middle + 1;
        else
          beyond = middle;
      }
      add_change(x, from.y + before - 1);
    });
  }

  // The columns of the picture whose middle lies between two places of the fine grid.
  template <class Visit>
  void for_each_middle(int left, int right, Visit&& visit) const {
    int x = std::max(0, (left - before_middle(0) + fine_steps - 1) / fine_steps);
    for (; x < width_ && before_middle(x) < right; ++x) visit(x);
  }

  void add_change(int x, int y) { changes_.push_back(static_cast<std::int64_t>(x) * height_ + first_pixel_below(y, height_)); }

  int width_, height_;
  std::vector<std::int64_t>& changes_;  // positions down the columns from which on outside is inside, and the other way round
};

void check_polygon(const Polygon& polygon) {
  check(polygon.xy.size() % 2 == 0, "polygon: expected x, y, x, y, ..., got {} coordinates", polygon.xy.size());
  for (const double coordinate : polygon.xy)
    check(std::abs(coordinate) <= coordinate_limit, "polygon: expected coordinates of at most 1e8, got {}", coordinate);
}

// Inside is what an odd number of the rings' lines lie above.
RunLengths rasterize_rings(std::span<const Polygon> rings, int width, int height) {
  std::vector<std::int64_t> changes;
  EdgeWalk walk(width, height, changes);
  for (const Polygon& ring : rings) {
    check_polygon(ring);
    const std::size_t points = ring.xy.size() / 2;
    const auto point = [&](std::size_t i) { return FinePoint{to_fine(ring.xy[2 * i]), to_fine(ring.xy[2 * i + 1])}; };
    for (std::size_t i = 0; i < points; ++i) walk.add_edge(point(i), point((i + 1) % points));
  }
  std::ranges::sort(changes);
  // A closed ring passes each middle as often to the right as to the left: the changes are pairs.
  RunBuilder inside(width, height);
  for (std::size_t i = 0; i + 1 < changes.size(); i += 2) inside.append(changes[i], changes[i + 1]);
  return std::move(inside).finish();
}

void check_canvas(int width, int height) {
  check(width >= 1 && height >= 1 && static_cast<std::int64_t>(width) * height <= std::numeric_limits<std::int32_t>::max(),
        "polygons: expected a picture of 1 to 2^31 pixels, got {} x {}", width, height);
}

RunLengths united(std::span<const RunLengths> masks, int width, int height) {
  return masks.empty() ? RunBuilder(width, height).finish() : union_of(masks);
}

}  // namespace

RunLengths rasterize(std::span<const Polygon> parts, int width, int height) {
  check_canvas(width, height);
  std::vector<RunLengths> masks;
  for (const Polygon& part : parts) masks.push_back(rasterize_rings({&part, 1}, width, height));
  return united(masks, width, height);
}

RunLengths rasterize(std::span<const Outline> parts, int width, int height) {
  check_canvas(width, height);
  std::vector<RunLengths> masks;
  for (const Outline& part : parts) {
    std::vector<Polygon> rings = part.holes;
    rings.push_back(part.outer);
    masks.push_back(rasterize_rings(rings, width, height));
  }
  return united(masks, width, height);
}

}  // namespace omma
