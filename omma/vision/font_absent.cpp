// The minimal build has no FreeType, and so no font.
#include "omma/vision/font.h"

namespace omma {

struct Font::Face {};

std::optional<Font> Font::load(int) { return std::nullopt; }

Font::Font(std::unique_ptr<Face> face) : face_(std::move(face)) {}
Font::Font(Font&&) noexcept = default;
Font& Font::operator=(Font&&) noexcept = default;
Font::~Font() = default;

int Font::ascent() const { return 0; }
int Font::descent() const { return 0; }
int Font::width(std::string_view) { return 0; }
std::string_view Font::prefix_within(std::string_view text, int) { return text; }
void Font::draw(Image&, int, int, std::string_view, Color) {}

}  // namespace omma
