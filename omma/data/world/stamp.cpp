#include "omma/data/world/stamp.h"

#include <cstdint>
#include <cstdlib>

#include "omma/data/world/turn.h"

namespace omma {
namespace {

// Fixed point with 16 bits of fraction.
constexpr int one = 1 << 16;

int fixed_product(int a, int b) { return static_cast<int>((static_cast<std::int64_t>(a) * b) >> 16); }

// The coarsest level with at least three texels for four pixels: sharp enough, and without aliasing from skipped texels.
std::size_t level_of(int extent) {
  std::size_t level = 0;
  while (level < 2 && (Glyph::long_side >> (level + 1)) * 4 >= extent * 3) ++level;
  return level;
}

// Bilinear, of the four texels around (u, v) in texels from the corner of the bordered level.
Texel sample(const GlyphLevel& level, int u, int v) {
  const int limit = (level.side + 1) << 16;
  if (u < 0 || v < 0 || u >= limit || v >= limit) return {};
  const int stride = level.side + 2;
  const Texel* at = level.texels.data() + (v >> 16) * stride + (u >> 16);
  const int fu = (u >> 8) & 255, fv = (v >> 8) & 255;
  const int w00 = (256 - fu) * (256 - fv), w01 = fu * (256 - fv), w10 = (256 - fu) * fv, w11 = fu * fv;
  const auto blend = [&](auto channel) {
    const int sum = w00 * (at[0].*channel) + w01 * (at[1].*channel) + w10 * (at[stride].*channel) + w11 * (at[stride + 1].*channel);
    return static_cast<std::uint8_t>((sum + one / 2) >> 16);
  };
  return {blend(&Texel::alpha), blend(&Texel::light)};
}

}  // namespace

Stamp draw_stamp(const StampPose& pose) {
  const Glyph& glyph = world_glyph(pose.name);
  const std::size_t level_index = level_of(pose.extent);
  const GlyphLevel& level = glyph.levels[level_index];
  const int cosine = fixed_cosine(pose.turn), sine = fixed_sine(pose.turn);

  // The turned pictogram's bounding box, and a pixel around it for soft edges.
  const int pixels_per_texel = (pose.extent << 16) / Glyph::long_side;
  const auto side = [&](int along, int across) {
    const int length = fixed_product(cosine, along << 16) + fixed_product(std::abs(sine), across << 16);
    return (fixed_product(length, pixels_per_texel) >> 16) + 3;
  };
  Stamp stamp{.width = side(glyph.width, glyph.height), .height = side(glyph.height, glyph.width)};
  stamp.texels.resize(static_cast<std::size_t>(stamp.width) * stamp.height);

  const int texels_per_pixel = ((Glyph::long_side >> level_index) << 16) / pose.extent;
  const int along = fixed_product(texels_per_pixel, cosine), across = fixed_product(texels_per_pixel, sine);
  const int u_step = pose.flipped ? -along : along;
  const int u_row = pose.flipped ? -across : across;
  const int centre = (level.side + 1) * (one / 2);  // of the bordered level, from the middle of its corner texel
  Texel* out = stamp.texels.data();
  for (int y = 0; y < stamp.height; ++y) {
    const int dy = 2 * y + 1 - stamp.height, dx = 1 - stamp.width;  // half pixels from the stamp's centre
    int u = centre + (dx * u_step + dy * u_row) / 2;
    int v = centre + (dy * along - dx * across) / 2;
    for (int x = 0; x < stamp.width; ++x, ++out, u += u_step, v -= across) {
      *out = sample(level, u, v);
      stamp.area += out->alpha >= Stamp::solid;
    }
  }
  return stamp;
}

}  // namespace omma
