#include "omma/vision/run_lengths.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "omma/base/rng.h"

namespace omma {
namespace {

Mask random_mask(Rng& rng, int width, int height) {
  Mask mask(width, height);
  const double change = rng.uniform();  // of a pixel from the one before, so that long runs occur, too
  std::uint8_t value = rng.chance(.5) ? 1 : 0;
  for (auto& pixel : mask.data) pixel = value = rng.chance(change) ? value ^ 1 : value;
  return mask;
}

// Pixel by pixel.
template <class Rule>
RunLengths combined(const Mask& a, const Mask& b, Rule&& rule) {
  Mask mask(a.width, a.height);
  for (std::size_t i = 0; i < mask.data.size(); ++i) mask.data[i] = rule(a.data[i] != 0, b.data[i] != 0) ? 1 : 0;
  return encode(mask);
}

TEST(RunLengths, CombineAsTheirPixelsDo) {
  Rng rng(3);
  for (int round = 0; round < 500; ++round) {
    const int width = rng.between(1, 24), height = rng.between(1, 24);
    const Mask a = random_mask(rng, width, height), b = random_mask(rng, width, height), c = random_mask(rng, width, height);
    const RunLengths ra = encode(a), rb = encode(b), both = combined(a, b, [](bool p, bool q) { return p && q; });
    EXPECT_EQ(intersection_of(ra, rb), both);
    EXPECT_EQ(intersection_area(ra, rb), area(both));
    EXPECT_EQ(intersection_over_union(ra, rb), intersection_over_union(a, b));
    EXPECT_EQ(difference_of(ra, rb), combined(a, b, [](bool p, bool q) { return p && !q; }));
    EXPECT_EQ(complement(ra), combined(a, b, [](bool p, bool) { return !p; }));
    const RunLengths either = combined(a, b, [](bool p, bool q) { return p || q; });
    EXPECT_EQ(union_of(std::array{ra, rb}), either);
    EXPECT_EQ(union_of(std::array{ra, rb, encode(c)}), combined(decode(either), c, [](bool p, bool q) { return p || q; }));
    EXPECT_EQ(union_of(std::array{ra}), ra);
    EXPECT_EQ(bounding_box(ra), bounding_box(a));
  }
}

TEST(RunLengths, ArePlacedAsTheirPixelsAre) {
  Rng rng(4);
  for (int round = 0; round < 500; ++round) {
    const Mask from = random_mask(rng, rng.between(1, 16), rng.between(1, 16));
    const int left = rng.between(-20, 20), top = rng.between(-20, 20);
    Mask expected(rng.between(1, 24), rng.between(1, 24));
    for (int y = 0; y < expected.height; ++y)
      for (int x = 0; x < expected.width; ++x)
        if (x >= left && x < left + from.width && y >= top && y < top + from.height) expected.at(x, y) = from.at(x - left, y - top);
    EXPECT_EQ(place(encode(from), left, top, expected.width, expected.height), encode(expected));
  }
}

TEST(RunLengths, EmptyRunsAreNoRuns) {
  const RunLengths odd{2, 3, {1, 0, 0, 2, 1, 0, 2, 0}};
  EXPECT_EQ(bounding_box(odd), bounding_box(decode(odd)));
  EXPECT_EQ(union_of(std::array{odd}), (RunLengths{2, 3, {1, 2, 3}}));
  EXPECT_EQ(bounding_box(RunLengths{2, 3, {6}}), Box{});
}

TEST(RunLengths, RefuseOtherSizes) {
  const RunLengths a{2, 3, {6}}, b{3, 2, {6}};
  EXPECT_THROW(intersection_area(a, b), std::invalid_argument);
  EXPECT_THROW(intersection_over_union(a, b), std::invalid_argument);
  EXPECT_THROW(intersection_of(a, b), std::invalid_argument);
  EXPECT_THROW(difference_of(a, b), std::invalid_argument);
  EXPECT_THROW(union_of(std::array{a, b}), std::invalid_argument);
  EXPECT_THROW(union_of({}), std::invalid_argument);
  EXPECT_THROW(place(a, 0, 0, 0, 4), std::invalid_argument);
  EXPECT_THROW(place(a, 0, 0, 65536, 65536), std::invalid_argument);
}

}  // namespace
}  // namespace omma
