// The committed pictograms, decoded once from the bytes built into the library. See atlas/README.md.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace omma {

struct Texel {
  std::uint8_t alpha = 0;
  std::uint8_t light = 0;  // luminance times alpha
};

// A square picture of the pictogram with one more transparent texel on each side.
struct GlyphLevel {
  int side = 0;               // of the picture, without that border
  std::vector<Texel> texels;  // [side + 2, side + 2]
};

struct Glyph {
  static constexpr int long_side = 124;  // of the pictogram in texels of level 0; half of it in each further level
  int width = 0;                         // of the pictogram in texels of level 0
  int height = 0;
  std::array<GlyphLevel, 3> levels;
};

const Glyph& world_glyph(int name);

}  // namespace omma
