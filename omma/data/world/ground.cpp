#include "omma/data/world/ground.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace omma {
namespace {

using Color = std::array<int, 3>;

Color random_color(Rng& rng, int darkest, int lightest) {
  Color color;
  for (int& channel : color) channel = rng.between(darkest, lightest);
  return color;
}

// Smooth noise of a coarse lattice, interpolated bilinearly, with fine grain on top. Values are in 1/256 of a gray level.
class Noise {
 public:
  Noise(int size, int coarse, int grain, Rng& rng)
      : size_(size), grain_(grain), nodes_(cells + 1), lattice_(nodes_ * nodes_), rng_(rng) {
    for (int& node : lattice_) node = rng.between(-coarse * 256, coarse * 256);
  }

  // Fills one value a pixel of row y.
  void row(int y, std::vector<int>& values) {
    const int at_y = y * cells * 256 / size_;
    const int* above = lattice_.data() + (at_y >> 8) * nodes_;
    const int fy = at_y & 255;
    for (int node = 0; node < nodes_; ++node)
      column_[static_cast<std::size_t>(node)] = (above[node] * (256 - fy) + above[node + nodes_] * fy) >> 8;
    std::uint64_t bits = 0;
    const int grain_step = 2 * grain_;  // a byte of randomness spans -grain to grain
    for (int x = 0; x < size_; ++x) {
      if (x % 8 == 0) bits = rng_.bits();
      const int at_x = x * cells * 256 / size_;
      const auto node = static_cast<std::size_t>(at_x >> 8);
      const int fx = at_x & 255;
      const int smooth = (column_[node] * (256 - fx) + column_[node + 1] * fx) >> 8;
      values[static_cast<std::size_t>(x)] = smooth + (static_cast<int>(bits & 255) - 128) * grain_step;
      bits >>= 8;
    }
  }

 private:
  static constexpr int cells = 8;
  int size_;
  int grain_;
  int nodes_;
  std::vector<int> lattice_;
  std::array<int, cells + 1> column_{};
  Rng& rng_;
};

std::uint8_t clamp_byte(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void draw_gradient(Image& image, const Ground& ground, Rng& rng) {
  const int size = image.width;
  const Color from = random_color(rng, ground.darkest, ground.lightest), to = random_color(rng, ground.darkest, ground.lightest);
  // The mix runs from 0 to 2^16 across the canvas along a random direction.
  const int right = rng.between(-256, 256), down = 256 - std::abs(right);
  const int x_step = right * 256 / size, y_step = down * 256 / size;
  const int start = right < 0 ? -right * 256 : 0;
  Noise noise(size, ground.unevenness, ground.grain, rng);
  std::vector<int> values(static_cast<std::size_t>(size));
  std::uint8_t* out = image.data.data();
  for (int y = 0; y < image.height; ++y) {
    noise.row(y, values);
    int mix = start + y * y_step;
    for (int x = 0; x < size; ++x, mix += x_step) {
      for (std::size_t c = 0; c < 3; ++c) {
        const int value = from[c] * 256 + (((to[c] - from[c]) * mix) >> 8) + values[static_cast<std::size_t>(x)];
        *out++ = clamp_byte(value >> 8);
      }
    }
  }
}

void draw_stripes(Image& image, const Ground& ground, Rng& rng) {
  const int size = image.width;
  const Color even = random_color(rng, ground.darkest, ground.lightest), odd = random_color(rng, ground.darkest, ground.lightest);
  const bool checks = rng.below(2) == 0;
  const int period = std::max(2, size * rng.between(8, 25) / 100);
  const int right = rng.between(0, 2), down = 2 - right;  // the stripes change in this direction
  Noise noise(size, ground.unevenness, ground.grain, rng);
  std::vector<int> values(static_cast<std::size_t>(size));
  std::uint8_t* out = image.data.data();
  for (int y = 0; y < image.height; ++y) {
    noise.row(y, values);
    for (int x = 0; x < size; ++x) {
      const int band = checks ? x / period + y / period : (x * right + y * down) / (2 * period);
      const Color& color = band % 2 == 0 ? even : odd;
      for (std::size_t c = 0; c < 3; ++c) *out++ = clamp_byte(color[c] + (values[static_cast<std::size_t>(x)] >> 8));
    }
  }
}

}  // namespace

void draw_ground(Image& image, const Ground& ground, Rng& rng) {
  if (ground.kind == Ground::Kind::stripes)
    draw_stripes(image, ground, rng);
  else
    draw_gradient(image, ground, rng);
}

}  // namespace omma
