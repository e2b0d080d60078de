#include "omma/vision/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "omma/vision/orientation.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

constexpr double kMostLevel = 10;

using Table = std::array<std::uint8_t, 256>;

std::uint8_t clipped(double value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)); }

// A table for each channel's values, from the channel's histogram.
template <class MakeTable>
Image mapped(const Image& image, const MakeTable& make) {
  Image result = image;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    std::array<std::int64_t, 256> histogram{};
    for (std::size_t i = channel; i < image.data.size(); i += 3) ++histogram[image.data[i]];
    const Table table = make(histogram);
    for (std::size_t i = channel; i < image.data.size(); i += 3) result.data[i] = table[image.data[i]];
  }
  return result;
}

Table identity_table() {
  Table table;
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i);
  return table;
}

Image cropped(const Image& image, int left, int top, int width, int height) {
  Image part(width, height);
  for (int y = 0; y < height; ++y) std::copy_n(image.pixel(left, top + y), 3 * width, part.pixel(0, y));
  return part;
}

AffineMap rotation(const Image& image, double degrees) {
  const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
  const double x = image.width / 2.0, y = image.height / 2.0;
  return {.xx = c, .xy = -s, .x0 = x - c * x + s * y, .yx = s, .yy = c, .y0 = y - s * x - c * y};
}

}  // namespace

Image flipped(const Image& image) { return upright(image, 2); }

Image random_resized_crop(const Image& image, double min_area, int side, Rng& rng) {
  const double area = static_cast<double>(image.width) * image.height;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * rng.uniform(min_area, 1), ratio = std::exp(rng.uniform(std::log(3.0 / 4), std::log(4.0 / 3)));
    const int width = static_cast<int>(std::lround(std::sqrt(target * ratio)));
    const int height = static_cast<int>(std::lround(std::sqrt(target / ratio)));
    if (width < 1 || height < 1 || width > image.width || height > image.height) continue;
    const int left = rng.between(0, image.width - width), top = rng.between(0, image.height - height);
    return resize(cropped(image, left, top, width, height), side, side, Resample::bicubic);
  }
  // A picture too long for any of these: its middle, as much as the ratios allow.
  const int width = std::min(image.width, static_cast<int>(std::lround(image.height * 4.0 / 3)));
  const int height = std::min(image.height, static_cast<int>(std::lround(image.width * 4.0 / 3)));
  return resize(cropped(image, (image.width - width) / 2, (image.height - height) / 2, width, height), side, side,
                Resample::bicubic);
}

Image auto_contrast(const Image& image) {
  return mapped(image, [](const std::array<std::int64_t, 256>& histogram) {
    Table table = identity_table();
    const auto used = [](std::int64_t count) { return count > 0; };
    const auto low = std::find_if(histogram.begin(), histogram.end(), used) - histogram.begin();
    const auto high = 255 - (std::find_if(histogram.rbegin(), histogram.rend(), used) - histogram.rbegin());
    if (high <= low) return table;
    const double scale = 255.0 / static_cast<double>(high - low);
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] = clipped(static_cast<double>(i) * scale - static_cast<double>(low) * scale);
    return table;
  });
}

Image equalized(const Image& image) {
  return mapped(image, [](const std::array<std::int64_t, 256>& histogram) {
    Table table = identity_table();
    std::int64_t total = 0, last = 0;
    for (const std::int64_t count : histogram) {
      total += count;
      if (count > 0) last = count;
    }
    const std::int64_t step = (total - last) / 255;
    if (step == 0) return table;
    std::int64_t before = step / 2;
    for (std::size_t i = 0; i < table.size(); ++i) {
      table[i] = static_cast<std::uint8_t>(std::min<std::int64_t>(255, before / step));
      before += histogram[i];
    }
    return table;
  });
}

Image brightened(const Image& image, double factor) {
  return mapped(image, [&](const auto&) {
    Table table;
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = clipped(static_cast<double>(i) * factor);
    return table;
  });
}

Image sharpened(const Image& image, double factor) {
  Image result = image;
  for (int y = 1; y + 1 < image.height; ++y) {
    for (int x = 1; x + 1 < image.width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        double sum = 4.0 * image.pixel(x, y)[channel];  // a 3 x 3 mean whose middle weighs five
        for (int dy = -1; dy <= 1; ++dy)
          for (int dx = -1; dx <= 1; ++dx) sum += image.pixel(x + dx, y + dy)[channel];
        const double smooth = sum / 13;
        result.pixel(x, y)[channel] = clipped(smooth + factor * (image.pixel(x, y)[channel] - smooth));
      }
    }
  }
  return result;
}

Image warped(const Image& image, const AffineMap& from) {
  Image result(image.width, image.height);
  const auto value = [&](int x, int y, int channel) -> double {
    const bool inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
    return inside ? image.pixel(x, y)[channel] : 128;
  };
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double sx = from.xx * x + from.xy * y + from.x0, sy = from.yx * x + from.yy * y + from.y0;
      const int left = static_cast<int>(std::floor(sx)), top = static_cast<int>(std::floor(sy));
      const double right = sx - left, down = sy - top;
      for (int channel = 0; channel < 3; ++channel) {
        const double upper = (1 - right) * value(left, top, channel) + right * value(left + 1, top, channel);
        const double lower = (1 - right) * value(left, top + 1, channel) + right * value(left + 1, top + 1, channel);
        result.pixel(x, y)[channel] = clipped((1 - down) * upper + down * lower + 0.5);
      }
    }
  }
  return result;
}

Image rand_augment(Image image, const RandAugmentOptions& options, Rng& rng) {
  const double strength = options.level / kMostLevel;
  for (int i = 0; i < options.operations; ++i) {
    const std::uint32_t operation = rng.below(10);
    if (!rng.chance(options.chance)) continue;
    const double sign = rng.chance(0.5) ? 1 : -1, enhancement = strength * 1.8 + 0.1, shear = sign * strength * 0.3;
    switch (operation) {
      case 0:
        break;
      case 1:
        image = auto_contrast(image);
        break;
      case 2:
        image = brightened(image, enhancement);
        break;
      case 3:
        image = sharpened(image, enhancement);
        break;
      case 4:
        image = equalized(image);
        break;
      case 5:
        image = warped(image, {.xy = shear});
        break;
      case 6:
        image = warped(image, {.yx = shear});
        break;
      case 7:
        image = warped(image, {.x0 = sign * strength * 10});
        break;
      case 8:
        image = warped(image, {.y0 = sign * strength * 10});
        break;
      default:
        image = warped(image, rotation(image, sign * strength * 30));
    }
  }
  return image;
}

}  // namespace omma
