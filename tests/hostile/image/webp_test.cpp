// WebP: truncation, animations, canvases that lie. (I8, I9)
#include <gtest/gtest.h>

#include <string>

#include "omma/io/image_file.h"
#include "tests/hostile/image/picture_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::operator+=;
using testing::Bytes;
using testing::test_picture;

std::string fault(const Bytes& bytes) {
  return testing::invalid_argument_of([&] { decode_image(bytes, "x.webp"); });
}

Bytes animation(int width, int height, std::initializer_list<Bytes> frames) {
  Bytes chunks = testing::webp_canvas_chunk(2, width, height);
  chunks += testing::riff_chunk("ANIM", Bytes{0, 0, 0, 0, 0, 0});
  for (const Bytes& frame : frames) chunks += std::span<const std::uint8_t>(frame);
  return testing::webp_file(chunks);
}

TEST(WebP, TruncationAnywhereIsAnError) {
  const Bytes whole = testing::webp_file(testing::webp_picture_chunk(test_picture(20, 20)));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(fault({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), "") << size;
}

TEST(WebP, AnimationsGiveTheirFirstFrame) {
  const Image first = test_picture(20, 10);
  const Bytes file = animation(20, 10, {testing::webp_frame_chunk(first, 0, 0), testing::webp_frame_chunk(Image(20, 10), 0, 0)});
  EXPECT_EQ(decode_image(file, "x.webp"), first);
}

TEST(WebP, ASmallFrameStandsOnTheCanvas) {
  const Image frame = test_picture(4, 4);
  const Image image = decode_image(animation(20, 10, {testing::webp_frame_chunk(frame, 6, 2)}), "x.webp");
  EXPECT_EQ(image.width, 20);
  EXPECT_EQ(Bytes(image.pixel(6, 2), image.pixel(6, 2) + 12), Bytes(frame.pixel(0, 0), frame.pixel(0, 0) + 12));
}

TEST(WebP, FramesOutsideTheCanvasAreErrors) {
  EXPECT_NE(fault(animation(20, 10, {testing::webp_frame_chunk(test_picture(20, 10), 2, 0)})), "");
  EXPECT_NE(fault(animation(4, 4, {testing::webp_frame_chunk(test_picture(20, 10), 0, 0)})), "");
}

TEST(WebP, AnAnimationWithoutFramesIsAnError) { EXPECT_NE(fault(animation(20, 10, {})), ""); }

TEST(WebP, ACanvasOfAnotherSizeIsAnError) {
  Bytes chunks = testing::webp_canvas_chunk(0, 16'000, 10'000);
  chunks += testing::webp_picture_chunk(test_picture(4, 4));
  EXPECT_NE(fault(testing::webp_file(chunks)), "");
}

TEST(WebP, ACanvasOverTheLimitIsAnError) {
  const Bytes file = animation(16'777'216, 256, {testing::webp_frame_chunk(test_picture(4, 4), 0, 0)});
  EXPECT_NE(fault(file), "");
}

}  // namespace
}  // namespace omma
