// Text on pictures.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "omma/vision/canvas.h"
#include "omma/vision/image.h"

namespace omma {

// A typeface at one size. Not thread-safe; instances are independent.
class Font {
 public:
  // From $OMMA_FONT where it is set; else from share/omma/fonts/DejaVuSans.ttf of the installation the program runs from, or the
  // system's DejaVu Sans. nullopt where that does not open, and in the minimal build, which has no FreeType.
  static std::optional<Font> load(int pixels);

  Font(Font&&) noexcept;
  Font& operator=(Font&&) noexcept;
  ~Font();

  int ascent() const;   // pixels above the baseline
  int descent() const;  // pixels below it, positive

  // `text` is UTF-8 as printable_text gives it.
  int width(std::string_view text);
  std::string_view prefix_within(std::string_view text, int pixels);  // the longest that is no wider
  void draw(Image& image, int x, int baseline, std::string_view text, Color color);

 private:
  struct Face;
  explicit Font(std::unique_ptr<Face> face);
  std::unique_ptr<Face> face_;
};

// The text without control, format (bidirectional, zero-width) and unassigned characters, white space as single blanks, malformed
// UTF-8 as U+FFFD: what may come from outside and go on one line of a picture.
std::string printable_text(std::string_view text);

}  // namespace omma
