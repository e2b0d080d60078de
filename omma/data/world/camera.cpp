#include "omma/data/world/camera.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "omma/io/image_file.h"
#include "omma/vision/augment.h"

namespace omma {
namespace {

constexpr double kCanvas = 128;

Image resampled(const Image& image, const Camera& camera) {
  const auto side = [&](int length) { return std::max(1, static_cast<int>(std::lround(camera.resampled * length))); };
  const Image there = resize(image, side(image.width), side(image.height), camera.resample_there);
  return resize(there, image.width, image.height, camera.resample_back);
}

// One pass of the kernel (w, 256 - 2 w, w) / 256 along rows (step 3) or columns (step 3 * width); the border repeats.
void smooth_lines(Image& image, int weight, bool along_rows) {
  const int length = along_rows ? image.width : image.height, lines = along_rows ? image.height : image.width;
  const std::ptrdiff_t step = along_rows ? 3 : 3 * static_cast<std::ptrdiff_t>(image.width);
  for (int line = 0; line < lines; ++line) {
    for (int channel = 0; channel < 3; ++channel) {
      std::uint8_t* at = (along_rows ? image.pixel(0, line) : image.pixel(line, 0)) + channel;
      int before = *at;
      for (int i = 0; i < length; ++i, at += step) {
        const int here = *at, after = i + 1 < length ? at[step] : here;
        *at = static_cast<std::uint8_t>((weight * (before + after) + (256 - 2 * weight) * here + 128) >> 8);
        before = here;
      }
    }
  }
}

// Passes of three taps, whose variances add up to that of the Gaussian: whole numbers only, so the same on every machine.
void blur(Image& image, double deviation) {
  const double variance = deviation * deviation;
  const int passes = std::max(1, static_cast<int>(std::ceil(variance / .5)));
  const int weight = static_cast<int>(std::lround(256 * variance / (2 * passes)));  // a tap's weight is half of its variance
  for (int pass = 0; pass < passes; ++pass) {
    smooth_lines(image, weight, true);
    smooth_lines(image, weight, false);
  }
}

void relight(Image& image, const Camera& camera) {
  std::array<std::array<std::uint8_t, 256>, 3> tables{};
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (int value = 0; value < 256; ++value) {
      const double level = camera.gain[channel] * camera.brightness * (128 + camera.contrast * (value - 128));
      tables[channel][static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(std::clamp(std::lround(level), 0L, 255L));
    }
  for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = tables[i % 3][image.data[i]];
}

// Of each channel apart: the sum of four bytes is nearly normal, its deviation is 148 of them.
void add_noise(Image& image, int deviation, Rng& rng) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < image.data.size(); ++i, bits >>= 32) {
    if (i % 2 == 0) bits = rng.bits();
    const int sum = static_cast<int>((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24 & 255)) - 510;
    image.data[i] = static_cast<std::uint8_t>(std::clamp(image.data[i] + sum * deviation / 148, 0, 255));
  }
}

}  // namespace

Image seen_by(const Camera& camera, Image image, Rng& rng) {
  const double scale = image.width / kCanvas;
  if (camera.resampled != 1) image = resampled(image, camera);
  if (camera.blur > 0) blur(image, camera.blur * scale);
  if (camera.sharpness != 1) image = sharpened(image, camera.sharpness);
  if (camera.contrast != 1 || camera.brightness != 1 || camera.gain != Camera{}.gain) relight(image, camera);
  if (camera.noise > 0) add_noise(image, camera.noise, rng);
  if (camera.jpeg_quality > 0) image = decode_image(encode_jpeg(image, camera.jpeg_quality), "scene");
  return image;
}

}  // namespace omma
