#include "omma/vision/mask_regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "omma/base/rng.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

Mask random_mask(Rng& rng, int width, int height) {
  Mask mask(width, height);
  const double density = rng.uniform();
  for (auto& pixel : mask.data) pixel = rng.chance(density) ? 1 : 0;
  return mask;
}

Mask drawn(std::initializer_list<std::string_view> rows) {
  Mask mask(static_cast<int>(rows.begin()->size()), static_cast<int>(rows.size()));
  auto pixel = mask.data.begin();
  for (const std::string_view row : rows)
    for (const char c : row) *pixel++ = c == '#' ? 1 : 0;
  return mask;
}

// Takes the region of a pixel out of the mask.
Mask flooded(Mask& rest, int x, int y, Connectivity connectivity) {
  Mask region(rest.width, rest.height);
  std::vector<Pixel> open{{x, y}};
  rest.at(x, y) = 0;
  while (!open.empty()) {
    const Pixel at = open.back();
    open.pop_back();
    region.at(at.x, at.y) = 1;
    for (int v = std::max(0, at.y - 1); v <= std::min(rest.height - 1, at.y + 1); ++v) {
      for (int u = std::max(0, at.x - 1); u <= std::min(rest.width - 1, at.x + 1); ++u) {
        if (rest.at(u, v) == 0 || (connectivity == Connectivity::four && u != at.x && v != at.y)) continue;
        rest.at(u, v) = 0;
        open.push_back({u, v});
      }
    }
  }
  return region;
}

std::vector<RunLengths> flooded_regions(Mask rest, Connectivity connectivity) {
  std::vector<RunLengths> regions;
  for (int x = 0; x < rest.width; ++x)
    for (int y = 0; y < rest.height; ++y)
      if (rest.at(x, y) != 0) regions.push_back(encode(flooded(rest, x, y, connectivity)));
  return regions;
}

TEST(MaskRegions, AreWhatAFloodReaches) {
  Rng rng(5);
  for (int round = 0; round < 400; ++round) {
    const Mask mask = random_mask(rng, rng.between(1, 24), rng.between(1, 24));
    for (const Connectivity connectivity : {Connectivity::four, Connectivity::eight})
      EXPECT_EQ(connected_regions(encode(mask), connectivity), flooded_regions(mask, connectivity));
  }
}

TEST(MaskRegions, SmallHolesAreFilledAndSmallIslandsTaken) {
  Rng rng(6);
  for (int round = 0; round < 400; ++round) {
    const Mask mask = random_mask(rng, rng.between(1, 24), rng.between(1, 24));
    const std::int64_t min_area = rng.between(1, 12);
    Mask filled = mask, cleared(mask.width, mask.height);
    bool holes = false;
    for (const RunLengths& hole : flooded_regions(decode(complement(encode(mask))), Connectivity::eight)) {
      if (area(hole) >= min_area) continue;
      holes = true;
      filled = decode(union_of(std::vector{encode(filled), hole}));
    }
    const std::vector<RunLengths> islands = flooded_regions(mask, Connectivity::eight);
    std::int64_t largest = 0, kept = 0;
    for (const RunLengths& island : islands) {
      largest = std::max(largest, area(island));
      if (area(island) < min_area) continue;
      ++kept;
      cleared = decode(union_of(std::vector{encode(cleared), island}));
    }
    RunLengths runs = encode(mask);
    EXPECT_EQ(fill_small_holes(runs, min_area), holes);
    EXPECT_EQ(runs, encode(filled));
    runs = encode(mask);
    EXPECT_EQ(remove_small_islands(runs, min_area), kept < static_cast<std::int64_t>(islands.size()));
    if (kept > 0 || islands.empty())
      EXPECT_EQ(runs, encode(cleared));
    else
      EXPECT_EQ(area(runs), largest);
  }
}

TEST(MaskRegions, TheLargestIslandStaysWhereAllAreSmall) {
  RunLengths runs = encode(drawn({"##.#",  //
                                  "...#",  //
                                  "#..#"}));
  EXPECT_TRUE(remove_small_islands(runs, 100));
  EXPECT_EQ(decode(runs), drawn({"...#",  //
                                 "...#",  //
                                 "...#"}));
  EXPECT_TRUE(remove_small_islands(runs, 100));  // as published: told, though nothing is left to take
  EXPECT_EQ(area(runs), 3);
  RunLengths equal = encode(drawn({"...#",  //
                                   "....",  //
                                   "#..."}));
  remove_small_islands(equal, 100);
  EXPECT_EQ(decode(equal).at(3, 0), 1);  // of equal ones the upper
  RunLengths none = encode(Mask(3, 3));
  EXPECT_FALSE(remove_small_islands(none, 100));
}

TEST(MaskRegions, DiagonalGapsLeadOutOfAHole) {
  RunLengths runs = encode(drawn({".##.",  //
                                  "#..#",  //
                                  ".##.",  //
                                  "...."}));
  const RunLengths before = runs;
  EXPECT_FALSE(fill_small_holes(runs, 3));
  EXPECT_EQ(runs, before);
}

TEST(MaskRegions, DistancesAreTheNearestUnsetPixels) {
  Rng rng(7);
  for (int round = 0; round < 300; ++round) {
    const int width = rng.between(1, 20), height = rng.between(1, 20);
    Mask mask(width, height);
    const double density = 1 - .3 * rng.uniform();
    for (auto& pixel : mask.data) pixel = rng.chance(density) ? 1 : 0;
    for (const BorderRule border : {BorderRule::open, BorderRule::boundary}) {
      const int margin = border == BorderRule::boundary ? 1 : 0;
      const std::vector<std::int64_t> squares = squared_distances(mask, border);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          std::int64_t nearest = std::numeric_limits<std::int64_t>::max();
          for (int v = -margin; v < height + margin; ++v)
            for (int u = -margin; u < width + margin; ++u)
              if (u < 0 || v < 0 || u >= width || v >= height || mask.at(u, v) == 0)
                nearest = std::min<std::int64_t>(nearest, (u - x) * (u - x) + (v - y) * (v - y));
          ASSERT_EQ(squares[static_cast<std::size_t>(y * width + x)], nearest)
              << x << ", " << y << " of " << width << " x " << height;
        }
      }
    }
  }
  EXPECT_TRUE(squared_distances(Mask(), BorderRule::boundary).empty());
}

TEST(MaskRegions, TheInnermostPixelIsFarthestFromTheBoundary) {
  EXPECT_EQ(innermost_pixel(drawn({".....",  //
                                   ".###.",  //
                                   ".####",  //
                                   ".###."})),
            (Pixel{2, 2}));
  EXPECT_EQ(innermost_pixel(drawn({"###", "###", "###"})), (Pixel{1, 1}));  // the border is boundary, too
  EXPECT_EQ(innermost_pixel(drawn({"..##"})), (Pixel{2, 0}));
  EXPECT_EQ(innermost_pixel(Mask(4, 4)), std::nullopt);
}

}  // namespace
}  // namespace omma
