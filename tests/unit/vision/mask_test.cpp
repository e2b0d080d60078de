#include "omma/vision/mask.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "omma/base/rng.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

Mask mask_of(int width, int height, std::initializer_list<int> pixels) {
  Mask mask(width, height);
  std::copy(pixels.begin(), pixels.end(), mask.data.begin());
  return mask;
}

TEST(Mask, RunsGoDownTheColumns) {
  const Mask mask = mask_of(3, 2,
                            {0, 1, 0,  //
                             1, 1, 0});
  EXPECT_EQ(encode(mask), (RunLengths{3, 2, {1, 3, 2}}));
  EXPECT_EQ(encode(mask_of(1, 3, {1, 1, 0})).counts, (std::vector<std::uint32_t>{0, 2, 1}));  // begins with a run of zeros
  EXPECT_EQ(encode(Mask(4, 5)).counts, (std::vector<std::uint32_t>{20}));
}

TEST(Mask, RoundTripsRandomMasks) {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    Mask mask(rng.between(1, 40), rng.between(1, 40));
    const double density = rng.uniform();
    for (auto& pixel : mask.data) pixel = rng.chance(density) ? 1 : 0;
    const RunLengths runs = encode(mask);
    EXPECT_EQ(decode(runs), mask);
    EXPECT_EQ(decompress(compress(runs), mask.width, mask.height), runs);
    EXPECT_EQ(area(runs), area(mask));
  }
}

TEST(Mask, ReadsEmptyRuns) {
  EXPECT_EQ(decode({2, 2, {1, 0, 0, 2, 1}}), decode({2, 2, {1, 2, 1}}));
  EXPECT_EQ(decode({2, 2, {0, 4, 0}}), decode({2, 2, {0, 4}}));
}

// The strings are what pycocotools 2.0 gives for these masks.
TEST(Mask, CompressesAsPycocotoolsDoes) {
  EXPECT_EQ(compress({3, 2, {1, 3, 2}}), "132");
  EXPECT_EQ(compress({100, 100, {0, 10000}}), "0`h9");
  EXPECT_EQ(compress({10, 10, {5, 3, 40, 7, 45}}), "53X145");
}

TEST(Mask, BoundingBoxIsTight) {
  Mask mask(9, 7);
  EXPECT_EQ(bounding_box(mask), Box{});
  mask.at(3, 2) = mask.at(5, 6) = 1;
  EXPECT_EQ(bounding_box(mask), (Box{3, 2, 6, 7}));
}

TEST(Mask, IntersectionOverUnion) {
  EXPECT_EQ(intersection_over_union(mask_of(2, 2, {1, 1, 0, 0}), mask_of(2, 2, {0, 1, 1, 0})), 1.0 / 3);
  EXPECT_EQ(intersection_over_union(Mask(2, 2), Mask(2, 2)), 0);
  EXPECT_THROW(intersection_over_union(Mask(2, 2), Mask(4, 1)), std::invalid_argument);
}

TEST(Mask, RejectsMalformedStrings) {
  const auto fault = [](std::string_view text, int width = 4, int height = 4) {
    return testing::invalid_argument_of([&] { decompress(text, width, height); });
  };
  EXPECT_EQ(fault("`0"), "");                                    // 16 in two groups: the whole mask
  EXPECT_NE(fault("P").find("ends inside"), std::string::npos);  // more should follow
  EXPECT_NE(fault("\x7F").find("expected characters"), std::string::npos);
  EXPECT_NE(fault(" ").find("expected characters"), std::string::npos);
  EXPECT_NE(fault(std::string(40, 'o')).find("longer than 64 bits"), std::string::npos);
  EXPECT_NE(fault("OOO").find("does not fit"), std::string::npos);  // -1
  EXPECT_NE(fault("5").find("expected 4 x 4"), std::string::npos);  // too few pixels
  EXPECT_NE(fault("o_3").find("does not fit"), std::string::npos);  // too many
  EXPECT_NE(fault("0", 0, 4).find("expected a size"), std::string::npos);
  EXPECT_NE(fault("0", 65536, 65536).find("expected a size"), std::string::npos);
}

TEST(Mask, RejectsRunsThatDoNotFillThePicture) {
  EXPECT_THROW(decode({2, 2, {5}}), std::invalid_argument);
  EXPECT_THROW(decode({2, 2, {}}), std::invalid_argument);
  EXPECT_THROW(decode({-2, -2, {4}}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
