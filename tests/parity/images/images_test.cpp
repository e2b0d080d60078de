// Decoding and resizing against Pillow, sizes against transformers, masks against pycocotools: what tools/parity/images.py
// recorded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/vision/mask.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

std::filesystem::path folder() {
  const char* root = std::getenv("OMMA_PARITY_DIR");
  return std::filesystem::path(root != nullptr ? root : "build/parity") / "images";
}

const json& manifest() {  // throws, and so fails the test, where tools/parity/images.py has not run
  static const json loaded = read_json(folder() / "manifest.json");
  return loaded;
}

Image raw_image(const json& entry) {
  Image image(entry["width"].get<int>(), entry["height"].get<int>());
  const std::string bytes = read_file(folder() / entry["raw"].get<std::string>());
  EXPECT_EQ(bytes.size(), image.data.size());
  std::copy(bytes.begin(), bytes.end(), image.data.begin());
  return image;
}

int largest_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) largest = std::max(largest, std::abs(a.data[i] - b.data[i]));
  return largest;
}

Mask mask_of(const std::string& bits, int width, int height) {
  Mask mask(width, height);
  std::ranges::transform(bits, mask.data.begin(), [](char bit) { return static_cast<std::uint8_t>(bit - '0'); });
  return mask;
}

// All to the bit, JPEG too: Pillow bundles a later libjpeg-turbo with the same integer arithmetic. What differs on purpose (16-bit
// gray, which Pillow clips to 255, see image_file.h) is left out of PNG and recorded as it is meant of the other formats.
TEST(ImageParity, DecodesAsPillowDoes) {
  for (const json& entry : manifest()["decode"]) {
    const auto file = entry["file"].get<std::string>();
    if (file.starts_with("color0_depth16")) continue;
    const ImageSize size{entry["width"].get<int>(), entry["height"].get<int>()};
    EXPECT_EQ(read_image_size(folder() / file), size) << file;
    EXPECT_EQ(largest_difference(read_image(folder() / file), raw_image(entry)), 0) << file;
  }
}

TEST(ImageParity, RefusesWhatPillowRefuses) {
  ASSERT_FALSE(manifest()["refused"].empty());
  for (const json& file : manifest()["refused"])
    EXPECT_THROW(read_image(folder() / file.get<std::string>()), std::invalid_argument) << file;
}

TEST(ImageParity, ResizesAsPillowDoes) {
  for (const json& entry : manifest()["resize"]) {
    const auto filter = entry["filter"].get<std::string>();
    const Resample resample = filter == "nearest"    ? Resample::nearest
                              : filter == "bilinear" ? Resample::bilinear
                              : filter == "bicubic"  ? Resample::bicubic
                                                     : Resample::lanczos;
    const Image source = raw_image(entry["from"]), expected = raw_image(entry["to"]);
    EXPECT_EQ(resize(source, expected.width, expected.height, resample), expected) << entry.dump();
    EXPECT_EQ(resize(source, expected.width, expected.height, resample, 3), expected) << entry.dump();
  }
}

TEST(ImageParity, ComputesSizesAsTransformersDoes) {
  for (const json& entry : manifest()["detr"]) {
    const auto values = entry.get<std::vector<int>>();
    const Size expected{values[4], values[5]};
    EXPECT_EQ(detr_size({values[0], values[1]}, values[2], values[3]), expected) << entry.dump();
  }
}

TEST(ImageParity, EncodesMasksAsPycocotoolsDoes) {
  for (const json& entry : manifest()["masks"]) {
    const int width = entry["width"].get<int>(), height = entry["height"].get<int>();
    std::vector<Mask> masks;
    for (std::size_t i = 0; i < 2; ++i) {
      const Mask& mask = masks.emplace_back(mask_of(entry["bits"][i].get<std::string>(), width, height));
      const auto counts = entry["counts"][i].get<std::string>();
      EXPECT_EQ(compress(encode(mask)), counts);
      EXPECT_EQ(decode(decompress(counts, width, height)), mask);
      EXPECT_EQ(area(mask), entry["area"][i].get<std::int64_t>());
      EXPECT_EQ(area(encode(mask)), area(mask));
      const auto xywh = entry["box"][i].get<std::vector<float>>();
      EXPECT_EQ(bounding_box(mask), (Box{xywh[0], xywh[1], xywh[0] + xywh[2], xywh[1] + xywh[3]}));
    }
    if (area(masks[0]) + area(masks[1]) > 0) {  // pycocotools divides 0 by 0
      EXPECT_EQ(intersection_over_union(masks[0], masks[1]), entry["iou"].get<double>());
    }
  }
}

TEST(ImageParity, EncodesALargeMaskAsPycocotoolsDoes) {
  const json& entry = manifest()["large_mask"];
  Mask mask(entry["width"].get<int>(), entry["height"].get<int>());
  const auto box = entry["box"].get<std::vector<int>>();
  for (int y = box[1]; y < box[3]; ++y)
    for (int x = box[0]; x < box[2]; ++x) mask.at(x, y) = 1;
  EXPECT_EQ(compress(encode(mask)), entry["counts"].get<std::string>());
}

}  // namespace
}  // namespace omma
