#include "omma/data/world/atlas.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/world/atlas_bytes.h"
#include "omma/data/world/words.h"
#include "omma/io/image_file.h"

namespace omma {
namespace {

constexpr int cell = 128;
constexpr int columns = 8;
constexpr int rows = world_name_count / columns;

GlyphLevel empty_level(int side) { return {side, std::vector<Texel>(static_cast<std::size_t>(side + 2) * (side + 2))}; }

Texel& texel(GlyphLevel& level, int x, int y) {
  return level.texels[static_cast<std::size_t>(y + 1) * (level.side + 2) + static_cast<std::size_t>(x + 1)];
}

// Colours stand in the upper half of the atlas, alpha as gray in the lower.
GlyphLevel read_cell(const Image& atlas, int name) {
  GlyphLevel level = empty_level(cell);
  for (int y = 0; y < cell; ++y) {
    for (int x = 0; x < cell; ++x) {
      const int from_x = name % columns * cell + x;
      const int from_y = name / columns * cell + y;
      const std::uint8_t* rgb = atlas.pixel(from_x, from_y);
      const int alpha = *atlas.pixel(from_x, from_y + rows * cell);
      const int luminance = (299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 1000;
      texel(level, x, y) = {static_cast<std::uint8_t>(alpha), static_cast<std::uint8_t>((luminance * alpha + 127) / 255)};
    }
  }
  return level;
}

GlyphLevel halve(GlyphLevel& level) {
  GlyphLevel half = empty_level(level.side / 2);
  for (int y = 0; y < half.side; ++y) {
    for (int x = 0; x < half.side; ++x) {
      int alpha = 2, light = 2;
      for (int i = 0; i < 4; ++i) {
        const Texel from = texel(level, 2 * x + i % 2, 2 * y + i / 2);
        alpha += from.alpha;
        light += from.light;
      }
      texel(half, x, y) = {static_cast<std::uint8_t>(alpha / 4), static_cast<std::uint8_t>(light / 4)};
    }
  }
  return half;
}

Glyph make_glyph(const Image& atlas, int name) {
  Glyph glyph;
  glyph.levels[0] = read_cell(atlas, name);
  int left = cell, top = cell, right = 0, bottom = 0;
  for (int y = 0; y < cell; ++y) {
    for (int x = 0; x < cell; ++x) {
      if (texel(glyph.levels[0], x, y).alpha == 0) continue;
      left = std::min(left, x);
      right = std::max(right, x + 1);
      top = std::min(top, y);
      bottom = std::max(bottom, y + 1);
    }
  }
  glyph.width = right - left;
  glyph.height = bottom - top;
  for (std::size_t i = 1; i < glyph.levels.size(); ++i) glyph.levels[i] = halve(glyph.levels[i - 1]);
  return glyph;
}

std::array<Glyph, world_name_count> read_glyphs() {
  const Image atlas = decode_image(atlas_bytes(), "glyph atlas");
  check(atlas.width == columns * cell && atlas.height == 2 * rows * cell, "glyph atlas: expected {} x {} pixels, got {} x {}",
        columns * cell, 2 * rows * cell, atlas.width, atlas.height);
  std::array<Glyph, world_name_count> glyphs;
  for (int name = 0; name < world_name_count; ++name) glyphs[static_cast<std::size_t>(name)] = make_glyph(atlas, name);
  return glyphs;
}

}  // namespace

const Glyph& world_glyph(int name) {
  static const std::array<Glyph, world_name_count> glyphs = read_glyphs();
  return glyphs[static_cast<std::size_t>(name)];
}

}  // namespace omma
