#include "omma/vision/resize.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace omma {
namespace {

constexpr std::array filters = {Resample::nearest, Resample::bilinear, Resample::bicubic, Resample::lanczos};

Image picture(Size size) {
  Image image(size.width, size.height);
  for (std::uint32_t i = 0; i < image.data.size(); ++i)
    image.data[i] = static_cast<std::uint8_t>(i * i * 7 + i * 13 + (i >> 3) * 101);
  return image;
}

std::uint32_t fnv1a(const Image& image) {
  std::uint32_t hash = 2166136261U;
  for (const std::uint8_t byte : image.data) hash = (hash ^ byte) * 16777619U;
  return hash;
}

// Hashes of what Pillow 13.0 gives for the same pictures. (tests/parity/images compares whole pictures, and many more.)
TEST(Resize, EqualsPillowToTheBit) {
  struct Case {
    Size from, to;
    std::array<std::uint32_t, 4> hashes;
  };
  const Case cases[] = {
      {{40, 30}, {17, 13}, {0x49fe2f7a, 0xadd431d9, 0x5be5b594, 0xf83c23c3}},
      {{40, 30}, {97, 71}, {0xecebac04, 0x563b604c, 0xcc6b34de, 0xe664b6da}},
      {{1, 23}, {5, 4}, {0x5fbfa31b, 0xc3f61ce3, 0x2d3b8a16, 0xc0539435}},
      {{3, 3}, {2, 7}, {0xca6b74a7, 0xff046142, 0xa9c3f5e6, 0xe825f78d}},
      {{64, 9}, {64, 20}, {0xfdf05905, 0x8a16c009, 0xd46d8fdf, 0xde9e2774}},      // down only
      {{64, 9}, {20, 9}, {0x2d076efe, 0xb4a04b2a, 0x4d6e302f, 0xe3fdba99}},       // across only
      {{100, 300}, {80, 240}, {0x6e73a1b5, 0xb7c51b54, 0x14e62d9e, 0x5f4a5c6a}},  // down before across: 60 rows for 20 columns,
      {{100, 300}, {70, 240}, {0x54b61e8d, 0xbf050b81, 0x4bbaf61a, 0x5c30f648}},  // across before down: for 30, not more than twice
      {{30, 61}, {20, 40}, {0x58f17c80, 0xcd553489, 0x96f36087, 0x8293b73a}},     // down before across: 21 for 10
      {{30, 60}, {20, 40}, {0x683f23ad, 0x263f3a00, 0x734ef932, 0x92ac580d}},     // across before down: 20 for 10
      {{30, 61}, {45, 60}, {0xee32088e, 0x8b65a466, 0x8aa2f084, 0x46a82aaf}},     // down before across: a row less, but wider
  };
  for (const Case& c : cases)
    for (std::size_t f = 0; f < filters.size(); ++f)
      EXPECT_EQ(fnv1a(resize(picture(c.from), c.to.width, c.to.height, filters[f])), c.hashes[f])
          << c.from.width << " x " << c.from.height << ", filter " << f;
}

TEST(Resize, ThreadsChangeNothing) {
  const Image image = picture({61, 47});
  for (const Resample filter : filters) EXPECT_EQ(resize(image, 90, 33, filter, 4), resize(image, 90, 33, filter));
}

TEST(Resize, SameSizeIsACopy) {
  for (const Resample filter : filters) EXPECT_EQ(resize(picture({5, 4}), 5, 4, filter), picture({5, 4}));
}

TEST(Resize, FlatPicturesStayFlat) {
  Image flat(13, 7);
  for (const int value : {0, 1, 128, 254, 255}) {
    std::fill(flat.data.begin(), flat.data.end(), static_cast<std::uint8_t>(value));
    for (const Resample filter : filters)
      for (const std::uint8_t byte : resize(flat, 29, 3, filter).data) ASSERT_EQ(byte, value);
  }
}

TEST(Resize, RejectsEmptyPicturesAndSides) {
  EXPECT_THROW(resize(Image(), 4, 4, Resample::bicubic), std::invalid_argument);
  EXPECT_THROW(resize(Image(4, 4), 0, 4, Resample::bicubic), std::invalid_argument);
  EXPECT_THROW(resize(Image(4, 4), 4, -1, Resample::nearest), std::invalid_argument);
}

// Values of transformers 5.23's get_size_with_aspect_ratio.
TEST(DetrSize, RoundsAsTransformersDoes) {
  EXPECT_EQ(detr_size({640, 480}, 800, 1333), (Size{1066, 800}));
  EXPECT_EQ(detr_size({480, 640}, 800, 1333), (Size{800, 1066}));
  EXPECT_EQ(detr_size({3000, 500}, 800, 1333), (Size{1333, 222}));
  EXPECT_EQ(detr_size({800, 1000}, 800, 1333), (Size{800, 1000}));
  EXPECT_EQ(detr_size({8, 5}, 100, 12), (Size{12, 8}));    // 7.5 goes to the even 8,
  EXPECT_EQ(detr_size({24, 13}, 100, 12), (Size{12, 6}));  // 6.5 to the even 6
}

// Values of maskrcnn-benchmark's Resize.get_size.
TEST(MaskRcnnSize, TheLongerSideFollowsFromTheRoundedShorterOne) {
  EXPECT_EQ(mask_rcnn_size({640, 480}, 800, 1333), (Size{1066, 800}));
  EXPECT_EQ(mask_rcnn_size({480, 640}, 800, 1333), (Size{800, 1066}));
  EXPECT_EQ(mask_rcnn_size({3000, 500}, 800, 1333), (Size{1332, 222}));
  EXPECT_EQ(mask_rcnn_size({800, 1000}, 800, 1333), (Size{800, 1000}));
  EXPECT_EQ(mask_rcnn_size({127, 50}, 64, 133), (Size{132, 52}));
  EXPECT_EQ(mask_rcnn_size({113, 50}, 64, 133), (Size{133, 59}));
  EXPECT_EQ(mask_rcnn_size({29, 10}, 64, 100), (Size{98, 34}));
  EXPECT_EQ(mask_rcnn_size({28, 10}, 64, 100), (Size{100, 36}));
  EXPECT_EQ(mask_rcnn_size({27, 10}, 64, 100), (Size{99, 37}));
  EXPECT_EQ(mask_rcnn_size({7, 4}, 100, 9), (Size{8, 5}));
  EXPECT_EQ(mask_rcnn_size({5, 5}, 9, 7), (Size{7, 7}));
  EXPECT_EQ(mask_rcnn_size({5000, 1}, 800, 1333), (Size{5000, 1}));  // there the reference fails
  EXPECT_THROW(mask_rcnn_size({0, 5}, 800, 1333), std::invalid_argument);
  EXPECT_THROW(mask_rcnn_size({5, 5}, 800, 0), std::invalid_argument);
}

TEST(DetrSize, NoSideIsBelowOnePixel) { EXPECT_EQ(detr_size({5000, 1}, 800, 1333), (Size{1333, 1})); }

TEST(DetrSize, RejectsSizesBelowOne) {
  EXPECT_THROW(detr_size({0, 5}, 800, 1333), std::invalid_argument);
  EXPECT_THROW(detr_size({5, 5}, 0, 1333), std::invalid_argument);
}

}  // namespace
}  // namespace omma
