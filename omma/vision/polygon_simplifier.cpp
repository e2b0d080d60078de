#include "omma/vision/polygon_simplifier.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>
#include <tuple>

namespace omma {
namespace {

struct RingPoint {
  double x, y;
  std::size_t before, after;  // in its ring, of the points that are left
  std::size_t ring;
  bool left_out = false;
};

// Twice the area of the triangle, above 0 where it turns right (y goes down).
double twice_area(const RingPoint& a, const RingPoint& b, const RingPoint& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

bool same_place(const RingPoint& a, const RingPoint& b) { return a.x == b.x && a.y == b.y; }

class Simplifier {
 public:
  explicit Simplifier(const Outline& part) {
    add_ring(part.outer);
    for (const Polygon& hole : part.holes) add_ring(hole);
    by_x_.resize(points_.size());
    std::iota(by_x_.begin(), by_x_.end(), std::size_t{0});
    std::ranges::sort(by_x_, {}, [this](std::size_t i) { return points_[i].x; });
  }

  // The doubled area inside the outer ring and outside of the holes, which turn the other way.
  double twice_inner_area() const {
    double sum = 0;
    for (const RingPoint& point : points_) sum += point.x * points_[point.after].y - point.y * points_[point.after].x;
    return sum;
  }

  void run(double budget) {
    for (std::size_t i = 0; i < points_.size(); ++i) enqueue(i);
    while (!queue_.empty()) {
      const auto [area, i] = queue_.top();
      queue_.pop();
      // Of a point whose neighbours changed the newest entry counts.
      if (points_[i].left_out || area != area_at(i) || left_[points_[i].ring] <= 3) continue;
      if (area > budget) return;
      if (!is_free(i)) continue;
      budget -= area;
      leave_out(i);
    }
  }

  Polygon ring(std::size_t index) const {
    Polygon polygon;
    for (const RingPoint& point : points_) {
      if (point.ring != index || point.left_out) continue;
      polygon.xy.push_back(point.x);
      polygon.xy.push_back(point.y);
    }
    return polygon;
  }

 private:
  using Entry = std::tuple<double, std::size_t>;  // twice the area of a point's triangle, the point

  void add_ring(const Polygon& polygon) {
    const std::size_t first = points_.size(), size = polygon.xy.size() / 2;
    for (std::size_t i = 0; i < size; ++i)
      points_.push_back({.x = polygon.xy[2 * i],
                         .y = polygon.xy[2 * i + 1],
                         .before = first + (i + size - 1) % size,
                         .after = first + (i + 1) % size,
                         .ring = left_.size()});
    left_.push_back(size);
  }

  double area_at(std::size_t i) const {
    return std::abs(twice_area(points_[points_[i].before], points_[i], points_[points_[i].after]));
  }

  void enqueue(std::size_t i) { queue_.emplace(area_at(i), i); }

  // Whether no other point is in the triangle or on its sides. One at the place of a neighbour, where rings touch, is in no one's
  // way.
  bool is_free(std::size_t i) const {
    const RingPoint &b = points_[i], &a = points_[b.before], &c = points_[b.after];
    const auto [low_x, high_x] = std::minmax({a.x, b.x, c.x});
    const auto [low_y, high_y] = std::minmax({a.y, b.y, c.y});
    const auto first = std::ranges::lower_bound(by_x_, low_x, {}, [this](std::size_t k) { return points_[k].x; });
    for (auto k = first; k != by_x_.end() && points_[*k].x <= high_x; ++k) {
      const RingPoint& other = points_[*k];
      if (*k == i || other.left_out || same_place(other, a) || same_place(other, c)) continue;
      if (other.y < low_y || other.y > high_y) continue;
      const double ab = twice_area(a, b, other), bc = twice_area(b, c, other), ca = twice_area(c, a, other);
      if ((ab >= 0 && bc >= 0 && ca >= 0) || (ab <= 0 && bc <= 0 && ca <= 0)) return false;
    }
    return true;
  }

  void leave_out(std::size_t i) {
    RingPoint& point = points_[i];
    point.left_out = true;
    --left_[point.ring];
    points_[point.before].after = point.after;
    points_[point.after].before = point.before;
    enqueue(point.before);
    enqueue(point.after);
  }

  std::vector<RingPoint> points_;
  std::vector<std::size_t> left_;  // of each ring
  std::vector<std::size_t> by_x_;  // all points from left to right
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace

void simplify(Outline& part, double share) {
  Simplifier simplifier(part);
  simplifier.run(share * simplifier.twice_inner_area());
  part.outer = simplifier.ring(0);
  for (std::size_t i = 0; i < part.holes.size(); ++i) part.holes[i] = simplifier.ring(i + 1);
}

}  // namespace omma
