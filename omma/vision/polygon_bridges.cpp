// Several rings as one, joined by lines that are passed there and back.
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "omma/base/error.h"
#include "omma/vision/polygons.h"

namespace omma {
namespace {

struct BridgePoint {
  double x, y;
};

using Ring = std::vector<BridgePoint>;

// Where a bridge reaches a ring: behind its point `after`.
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
  std::ranges::rotate(ring, std::ranges::min_element(ring, {}, [](const BridgePoint& p) { return std::pair(p.x, p.y); }));
}

std::vector<Ring> from_left_to_right(std::vector<Ring> rings) {
  std::erase_if(rings, [](const Ring& ring) { return ring.empty(); });
  for (Ring& ring : rings) begin_leftmost(ring);
  std::ranges::sort(rings, {}, [](const Ring& ring) { return std::pair(ring.front().x, ring.front().y); });
  return rings;
}

// The place on the ring that is next to the left of a point, in its row.
std::optional<Landing> left_of(const Ring& ring, BridgePoint from) {
  std::optional<Landing> nearest;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const BridgePoint &a = ring[i], &b = ring[(i + 1) % ring.size()];
    if (a.y == b.y || from.y < std::min(a.y, b.y) || from.y > std::max(a.y, b.y)) continue;
    const double x = a.x + (from.y - a.y) / (b.y - a.y) * (b.x - a.x);
    if (x <= from.x && (!nearest || x > nearest->point.x)) nearest = {{x, from.y}, i};
  }
  return nearest;
}

Landing nearest_point(const Ring& ring, BridgePoint from) {
  const auto distance = [from](const BridgePoint& p) { return (p.x - from.x) * (p.x - from.x) + (p.y - from.y) * (p.y - from.y); };
  const auto nearest = std::ranges::min_element(ring, {}, distance);
  return {*nearest, static_cast<std::size_t>(nearest - ring.begin())};
}

// To the landing, over the bridge, around the other ring from its first point, and back.
void insert_ring(Ring& ring, const Landing& landing, const Ring& other) {
  Ring way;
  const auto pass = [&](const BridgePoint& point) {
    if (way.empty() || way.back().x != point.x || way.back().y != point.y) way.push_back(point);
  };
  pass(ring[landing.after]);
  pass(landing.point);
  for (const BridgePoint& point : other) pass(point);
  pass(other.front());
  pass(landing.point);
  const auto place = ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(landing.after));
  ring.insert(place, way.begin(), way.end());
}

}  // namespace

Polygon joined(const Outline& part) {
  Ring ring = ring_of(part.outer);
  std::vector<Ring> holes;
  for (const Polygon& hole : part.holes) holes.push_back(ring_of(hole));
  // What is left of a hole has been joined before it.
  for (const Ring& hole : from_left_to_right(std::move(holes))) {
    const std::optional<Landing> landing = left_of(ring, hole.front());
    insert_ring(ring, landing ? *landing : nearest_point(ring, hole.front()), hole);
  }
  return polygon_of(ring);
}

Polygon joined(std::span<const Outline> parts) {
  check(!parts.empty(), "joined outlines: expected at least one");
  std::vector<Ring> rings;
  for (const Outline& part : parts) rings.push_back(ring_of(joined(part)));
  rings = from_left_to_right(std::move(rings));
  if (rings.empty()) return {};
  Ring ring = std::move(rings.front());
  for (std::size_t i = 1; i < rings.size(); ++i) insert_ring(ring, nearest_point(ring, rings[i].front()), rings[i]);
  return polygon_of(ring);
}

}  // namespace omma
