#include "omma/vision/font.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include <utf8proc.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "omma/base/program_data.h"

namespace omma {
namespace {

std::vector<std::filesystem::path> font_files() {
  if (const char* chosen = std::getenv("OMMA_FONT"); chosen != nullptr && *chosen != '\0') return {chosen};
  std::vector<std::filesystem::path> files = {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
  if (const auto own = find_program_data("fonts")) files.insert(files.begin(), *own / "DejaVuSans.ttf");
  return files;
}

int pixels(FT_Pos value) { return static_cast<int>((value + 32) >> 6); }  // from 26.6 fixed point

}  // namespace

struct Font::Face {
  FT_Library library = nullptr;
  FT_Face face = nullptr;

  Face() = default;
  ~Face() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;

  // Calls glyph(slot, pen, rest) for each character, with the pen's place in 26.6 and the text behind it; false ends the walk.
  // Gives where the pen ends.
  template <class Glyph>
  FT_Pos walk(std::string_view text, FT_Int32 flags, Glyph glyph) {
    FT_Pos pen = 0;
    FT_UInt before = 0;
    while (!text.empty()) {
      utf8proc_int32_t code = 0;
      const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
      const utf8proc_ssize_t length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
      if (length <= 0) break;
      text.remove_prefix(static_cast<std::size_t>(length));
      const FT_UInt index = FT_Get_Char_Index(face, static_cast<FT_ULong>(code));
      FT_Vector kerning{};
      if (before != 0 && FT_Get_Kerning(face, before, index, FT_KERNING_UNFITTED, &kerning) == 0) pen += kerning.x;
      before = index;
      if (FT_Load_Glyph(face, index, flags | FT_LOAD_TARGET_LIGHT) != 0) continue;
      if (!glyph(*face->glyph, pen, text)) break;
      pen += face->glyph->advance.x;
    }
    return pen;
  }
};

std::optional<Font> Font::load(int size) {
  auto face = std::make_unique<Face>();
  if (FT_Init_FreeType(&face->library) != 0) return std::nullopt;
  for (const std::filesystem::path& file : font_files()) {
    if (FT_New_Face(face->library, file.c_str(), 0, &face->face) != 0) continue;
    if (FT_Set_Pixel_Sizes(face->face, 0, static_cast<FT_UInt>(size)) == 0) return Font(std::move(face));
    FT_Done_Face(std::exchange(face->face, nullptr));
  }
  return std::nullopt;
}

Font::Font(std::unique_ptr<Face> face) : face_(std::move(face)) {}
Font::Font(Font&&) noexcept = default;
Font& Font::operator=(Font&&) noexcept = default;
Font::~Font() = default;

int Font::ascent() const { return pixels(face_->face->size->metrics.ascender); }
int Font::descent() const { return -pixels(face_->face->size->metrics.descender); }

int Font::width(std::string_view text) {
  return pixels(face_->walk(text, FT_LOAD_DEFAULT, [](const FT_GlyphSlotRec&, FT_Pos, std::string_view) { return true; }));
}

std::string_view Font::prefix_within(std::string_view text, int room) {
  std::size_t length = 0;
  face_->walk(text, FT_LOAD_DEFAULT, [&](const FT_GlyphSlotRec& slot, FT_Pos pen, std::string_view rest) {
    if (pixels(pen + slot.advance.x) > room) return false;
    length = text.size() - rest.size();
    return true;
  });
  return text.substr(0, length);
}

void Font::draw(Image& image, int x, int baseline, std::string_view text, Color color) {
  face_->walk(text, FT_LOAD_RENDER, [&](const FT_GlyphSlotRec& slot, FT_Pos pen, std::string_view) {
    if (slot.bitmap.pixel_mode != FT_PIXEL_MODE_GRAY) return true;
    const int left = x + pixels(pen) + slot.bitmap_left, top = baseline - slot.bitmap_top;
    for (int row = 0; row < static_cast<int>(slot.bitmap.rows); ++row) {
      for (int column = 0; column < static_cast<int>(slot.bitmap.width); ++column) {
        const int to_x = left + column, to_y = top + row;
        if (to_x < 0 || to_y < 0 || to_x >= image.width || to_y >= image.height) continue;
        const float ink = static_cast<float>(slot.bitmap.buffer[row * slot.bitmap.pitch + column]) / 255;
        if (ink > 0) blend(image.pixel(to_x, to_y), color, std::sqrt(ink));  // small letters look thin otherwise
      }
    }
    return true;
  });
}

}  // namespace omma
