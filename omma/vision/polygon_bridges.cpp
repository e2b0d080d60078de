// Several rings as one, joined by lines that are passed there and back.
#include <algorithm>
#include <limits>
#include <utility>

#include "omma/base/error.h"
#include "omma/vision/polygons.h"

namespace omma {
namespace {

struct BridgePoint {
  double x, y;
};

using Ring = std::vector<BridgePoint>;

// Where a bridge reaches a ring: on the side that begins at point `after`.
struct Landing {
  BridgePoint point;
  std::size_t after;
};

Ring ring_of(const Polygon& polygon) {
  Ring ring;
  for (std::size_t i = 0; i + 1 < polygon.xy.size(); i += 2) ring.push_back({polygon.xy[i], polygon.xy[i + 1]});
  return ring;
}

Polygon polygon_of(const Ring& ring) {
  Polygon polygon;
  polygon.xy.reserve(2 * ring.size());
  for (const BridgePoint& point : ring) polygon.xy.insert(polygon.xy.end(), {point.x, point.y});
  return polygon;
}

// Begins the ring at its leftmost point.
void begin_leftmost(Ring& ring) {
  const auto least = std::ranges::min_element(ring, {}, [](const BridgePoint& p) { return std::pair(p.x, p.y); });
  std::rotate(ring.begin(), least, ring.end());
}

std::vector<Ring> from_left_to_right(std::vector<Ring> rings) {
  std::erase_if(rings, [](const Ring& ring) { return ring.empty(); });
  for (Ring& ring : rings) begin_leftmost(ring);
  std::ranges::sort(rings, {}, [](const Ring& ring) { return std::pair(ring.front().x, ring.front().y); });
  return rings;
}

double squared_distance(const BridgePoint& a, const BridgePoint& b) {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

// The point of a side that is nearest to `from`.
BridgePoint nearest_on(const BridgePoint& a, const BridgePoint& b, const BridgePoint& from) {
  const double length = squared_distance(a, b);
  if (length == 0) return a;
  const double along = ((from.x - a.x) * (b.x - a.x) + (from.y - a.y) * (b.y - a.y)) / length;
  if (along <= 0) return a;
  if (along >= 1) return b;
  return {a.x + along * (b.x - a.x), a.y + along * (b.y - a.y)};
}

// The ring's nearest point of those that lie no further to the right. The way there crosses neither this ring nor those to come,
// which begin further to the right.
Landing nearest_to_the_left(const Ring& ring, const BridgePoint& from) {
  Landing nearest{ring.front(), 0};
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < ring.size(); ++i) {
    BridgePoint a = ring[i], b = ring[(i + 1) % ring.size()];
    if (std::min(a.x, b.x) > from.x) continue;
    BridgePoint& right = a.x > b.x ? a : b;
    const BridgePoint& left = a.x > b.x ? b : a;
    if (right.x > from.x) right = {from.x, left.y + (from.x - left.x) / (right.x - left.x) * (right.y - left.y)};
    const BridgePoint point = nearest_on(a, b, from);
    if (const double distance = squared_distance(point, from); distance < least) {
      least = distance;
      nearest = {point, i};
    }
  }
  return nearest;
}

bool same_point(const BridgePoint& a, const BridgePoint& b) { return a.x == b.x && a.y == b.y; }

// Makes the landing a point of the ring; returns its place. A bridge gets it on its way back, too, or the two would no longer be
// one line.
std::size_t landing_place(Ring& ring, const Landing& landing) {
  const std::size_t after = landing.after, next = (after + 1) % ring.size();
  if (same_point(landing.point, ring[after])) return after;
  if (same_point(landing.point, ring[next])) return next;
  std::size_t back = 0;
  while (back < ring.size() && !(same_point(ring[back], ring[next]) && same_point(ring[(back + 1) % ring.size()], ring[after])))
    ++back;
  const auto insert_after = [&](std::size_t place) {
    ring.insert(ring.begin() + static_cast<std::ptrdiff_t>(place) + 1, landing.point);
  };
  const bool is_bridge = back < ring.size();
  if (is_bridge && back > after) insert_after(back);
  insert_after(after);
  if (is_bridge && back < after) insert_after(back);
  return is_bridge && back < after ? after + 2 : after + 1;
}

// At the landing over the bridge, around the other ring from its first point, and back.
void insert_ring(Ring& ring, const Landing& landing, const Ring& other) {
  const std::size_t place = landing_place(ring, landing);
  Ring way(other);
  way.push_back(other.front());
  if (same_point(ring[place], other.front()))
    way.erase(way.begin());  // they touch: there is no bridge
  else
    way.push_back(ring[place]);
  ring.insert(ring.begin() + static_cast<std::ptrdiff_t>(place) + 1, way.begin(), way.end());
}

}  // namespace

Polygon joined(const Outline& part) {
  std::vector<Ring> holes;
  for (const Polygon& hole : part.holes) holes.push_back(ring_of(hole));
  Ring ring = ring_of(part.outer);
  for (const Ring& hole : from_left_to_right(std::move(holes))) insert_ring(ring, nearest_to_the_left(ring, hole.front()), hole);
  return polygon_of(ring);
}

Polygon joined(std::span<const Outline> parts) {
  check(!parts.empty(), "joined outlines: expected at least one");
  std::vector<Ring> rings;
  for (const Outline& part : parts) rings.push_back(ring_of(joined(part)));
  rings = from_left_to_right(std::move(rings));
  Ring ring;
  for (const Ring& other : rings) {
    if (ring.empty())
      ring = other;
    else
      insert_ring(ring, nearest_to_the_left(ring, other.front()), other);
  }
  return polygon_of(ring);
}

}  // namespace omma
