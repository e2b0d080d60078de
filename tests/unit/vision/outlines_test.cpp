#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>

#include "omma/base/rng.h"
#include "omma/vision/mask_regions.h"
#include "omma/vision/polygons.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

Mask random_pixels(Rng& rng, int width, int height) {
  Mask mask(width, height);
  const double density = rng.uniform();
  for (auto& pixel : mask.data) pixel = rng.chance(density) ? 1 : 0;
  return mask;
}

// Discs, some of them cut out: round shapes with holes and parts, as objects have.
Mask random_blobs(Rng& rng, int side) {
  Mask mask(side, side);
  for (int blob = rng.between(2, 8); blob > 0; --blob) {
    const double x = rng.uniform(0, side), y = rng.uniform(0, side), radius = rng.uniform(2, side / 2.5);
    const std::uint8_t value = rng.chance(.6) ? 1 : 0;
    for (int v = 0; v < side; ++v)
      for (int u = 0; u < side; ++u)
        if (std::hypot(u - x, v - y) < radius) mask.at(u, v) = value;
  }
  return mask;
}

std::size_t points_of(std::span<const Outline> parts) {
  std::size_t count = 0;
  for (const Outline& part : parts) {
    count += part.outer.xy.size() / 2;
    for (const Polygon& hole : part.holes) count += hole.xy.size() / 2;
  }
  return count;
}

using Point = std::array<double, 2>;
using Edge = std::array<Point, 2>;

double side_of(const Edge& edge, const Point& point) {
  const auto& [a, b] = edge;
  return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
}

// Whether two edges of a part's rings cross in the middle of both.
bool crosses(const Outline& part) {
  std::vector<Edge> edges;
  const auto add = [&](const Polygon& ring) {
    const std::size_t n = ring.xy.size() / 2;
    const auto point = [&](std::size_t i) { return Point{ring.xy[2 * (i % n)], ring.xy[2 * (i % n) + 1]}; };
    for (std::size_t i = 0; i < n; ++i) edges.push_back({point(i), point(i + 1)});
  };
  add(part.outer);
  for (const Polygon& hole : part.holes) add(hole);
  const auto parts = [](const Edge& a, const Edge& b) { return side_of(a, b[0]) * side_of(a, b[1]) < 0; };
  for (std::size_t i = 0; i < edges.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (parts(edges[i], edges[j]) && parts(edges[j], edges[i])) return true;
  return false;
}

TEST(Outlines, TellPartsAndHoles) {
  Mask mask(9, 8);
  for (int y = 1; y < 7; ++y)
    for (int x = 1; x < 6; ++x) mask.at(x, y) = 1;
  mask.at(2, 2) = mask.at(4, 4) = mask.at(4, 5) = 0;
  mask.at(7, 0) = 1;
  EXPECT_EQ(outlines_of(encode(mask)), (std::vector<Outline>{{.outer = {{6, 1, 6, 7, 1, 7, 1, 1}},
                                                              .holes = {{{3, 3, 3, 2, 2, 2, 2, 3}}, {{5, 6, 5, 4, 4, 4, 4, 6}}}},
                                                             {.outer = {{8, 0, 8, 1, 7, 1, 7, 0}}, .holes = {}}}));
  EXPECT_TRUE(outlines_of(encode(Mask(5, 5))).empty());
}

TEST(Outlines, ExactOnesGiveTheMaskBack) {
  Rng rng(8);
  for (int round = 0; round < 600; ++round) {
    const Mask mask = round % 2 == 0 ? random_pixels(rng, rng.between(1, 24), rng.between(1, 24)) : random_blobs(rng, 40);
    const RunLengths runs = encode(mask);
    const std::vector<Outline> parts = outlines_of(runs);
    EXPECT_EQ(rasterize(parts, mask.width, mask.height), runs);
    EXPECT_EQ(parts.size(), connected_regions(runs, Connectivity::four).size());
    for (const Outline& part : parts) {
      EXPECT_FALSE(crosses(part));
      std::vector<const Polygon*> rings{&part.outer};
      for (const Polygon& hole : part.holes) rings.push_back(&hole);
      for (const Polygon* ring : rings) {
        std::set<Point> points;
        for (std::size_t i = 0; i < ring->xy.size(); i += 2) points.insert({ring->xy[i], ring->xy[i + 1]});
        EXPECT_EQ(points.size(), ring->xy.size() / 2) << "a point twice";
        EXPECT_GE(points.size(), 4U);
      }
    }
    if (parts.empty()) continue;
    const Polygon one = joined(parts);
    EXPECT_EQ(rasterize(std::array{one}, mask.width, mask.height), runs);
    EXPECT_FALSE(crosses({.outer = one, .holes = {}}));
  }
}

TEST(Outlines, SimpleOnesKeepTheIouWithFewerPointsAndDoNotCross) {
  Rng rng(9);
  std::size_t exact_points = 0, simple_points = 0;
  for (int round = 0; round < 200; ++round) {
    const Mask mask = round % 4 == 0 ? random_pixels(rng, 24, 24) : random_blobs(rng, 64);
    const RunLengths runs = encode(mask);
    for (const double min_iou : {.97, .9}) {
      const std::vector<Outline> parts = outlines_of(runs, min_iou);
      const double iou = intersection_over_union(rasterize(parts, mask.width, mask.height), runs);
      EXPECT_TRUE(area(runs) == 0 || iou >= min_iou) << iou;
      for (const Outline& part : parts) EXPECT_FALSE(crosses(part));
      if (round % 4 != 0 && min_iou == .97) simple_points += points_of(parts);
    }
    if (round % 4 != 0) exact_points += points_of(outlines_of(runs));
  }
  EXPECT_LT(simple_points, exact_points / 2);
}

TEST(Outlines, ARoundShapeNeedsFewPoints) {
  Mask mask(200, 200);
  for (int y = 0; y < 200; ++y)
    for (int x = 0; x < 200; ++x) mask.at(x, y) = std::hypot(x - 100, y - 100) < 80 ? 1 : 0;
  const std::vector<Outline> parts = outlines_of(encode(mask), .97);
  EXPECT_LE(points_of(parts), 24U);
  EXPECT_GE(points_of(parts), 12U);
}

TEST(Outlines, AHoleIsJoinedByABridgeToItsLeft) {
  const Outline part{.outer = {{0, 0, 9, 0, 9, 9, 0, 9}}, .holes = {{{3, 4, 3, 5, 4, 5, 4, 4}}}};
  EXPECT_EQ(joined(part), (Polygon{{0, 0, 9, 0, 9, 9, 0, 9, 0, 4, 3, 4, 3, 5, 4, 5, 4, 4, 3, 4, 0, 4}}));
  EXPECT_EQ(joined(Outline{.outer = {{0, 0, 9, 0, 9, 9}}, .holes = {}}), (Polygon{{0, 0, 9, 0, 9, 9}}));
}

TEST(Outlines, RefuseWhatCannotBe) {
  EXPECT_THROW(outlines_of(encode(Mask(5, 5)), -.1), std::invalid_argument);
  EXPECT_THROW(outlines_of(encode(Mask(5, 5)), 1.1), std::invalid_argument);
  EXPECT_THROW(joined(std::span<const Outline>()), std::invalid_argument);
}

}  // namespace
}  // namespace omma
