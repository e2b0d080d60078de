#include "omma/jobs/contact_sheet.h"

#include <algorithm>
#include <optional>

#include "omma/vision/font.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

constexpr Color ground{0xFF, 0xFF, 0xFF}, mat{0xEC, 0xEE, 0xF1}, ink{0x1C, 0x1F, 0x24}, white{0xFF, 0xFF, 0xFF};
constexpr Color green{0x1B, 0x7F, 0x46}, red{0xC4, 0x2B, 0x2B};
constexpr int gap = 16, card_width = 216, picture_height = 162;
constexpr int title_size = 20, row_title_size = 15, text_size = 12;
constexpr int line_height = 16, chip_height = 18, lines_of_text = 4;
constexpr int text_height = chip_height + 4 + lines_of_text * line_height + 6;  // chip, text and the space below

Box box_at(int x, int y, int width, int height) {
  return {static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + width), static_cast<float>(y + height)};
}

// One line of letters of a size, or nothing where there is no font.
class Letters {
 public:
  explicit Letters(int size) : font_(Font::load(size)) {}

  void draw(Image& image, int x, int top, int height, std::string_view text, Color color) {
    if (!font_) return;
    font_->draw(image, x, top + (height + font_->ascent() - font_->descent()) / 2, text, color);
  }

  int width(std::string_view text) { return font_ ? font_->width(text) : 0; }

  std::string cut(std::string_view text, int room) {
    if (!font_ || font_->width(text) <= room) return std::string(text);
    return std::string(font_->prefix_within(text, room - font_->width("…"))) + "…";
  }

  // The text on lines of `room` pixels, broken at blanks where there are any.
  std::vector<std::string> wrap(std::string_view text, int room, std::size_t most) {
    std::vector<std::string> lines;
    while (font_ && !text.empty() && lines.size() + 1 < most) {
      std::string_view line = font_->prefix_within(text, room);
      if (line.empty()) break;
      const std::size_t blank = line.rfind(' ');
      if (line.size() < text.size() && text[line.size()] != ' ' && blank != std::string_view::npos) line = line.substr(0, blank);
      lines.emplace_back(line);
      text.remove_prefix(std::min(text.size(), line.size() + (line.size() < text.size() && text[line.size()] == ' ')));
    }
    if (font_ && !text.empty()) lines.push_back(cut(text, room));
    return lines;
  }

 private:
  std::optional<Font> font_;
};

// The whole picture in the middle of its mat.
void draw_picture(Image& sheet, int x, int y, const Image& picture) {
  fill_rectangle(sheet, box_at(x, y, card_width, picture_height), 0, mat, 1);
  if (picture.empty()) return;
  const Image thumbnail = contact_picture(picture);
  x += (card_width - thumbnail.width) / 2;
  y += (picture_height - thumbnail.height) / 2;
  for (int row = 0; row < thumbnail.height; ++row)
    std::copy_n(thumbnail.pixel(0, row), 3 * thumbnail.width, sheet.pixel(x, y + row));
}

void draw_text(Image& sheet, int x, int y, const ContactText& text, Letters& letters) {
  const std::string decision = letters.cut(printable_text(text.decision), card_width - 12);
  const int width = std::max(letters.width(decision) + 12, 48);
  fill_rectangle(sheet, box_at(x, y, width, chip_height), 4, text.good ? green : red, 1);
  letters.draw(sheet, x + 6, y, chip_height, decision, white);
  y += chip_height + 4;
  for (const std::string& line : letters.wrap(printable_text(text.text), card_width, lines_of_text)) {
    letters.draw(sheet, x, y, line_height, line, ink);
    y += line_height;
  }
}

int height_of(const ContactRow& row) {
  std::size_t texts = 0;
  for (const ContactCard& card : row.cards) texts = std::max(texts, card.texts.size());
  return row_title_size + gap + picture_height + gap / 2 + static_cast<int>(texts) * text_height + gap;
}

}  // namespace

Image contact_picture(const Image& picture) {
  const double scale =
      std::min(static_cast<double>(card_width) / picture.width, static_cast<double>(picture_height) / picture.height);
  const auto side = [&](int pixels) { return std::max(1, static_cast<int>(pixels * scale)); };
  return resize(picture, side(picture.width), side(picture.height), Resample::bicubic);
}

Image draw_contact_sheet(std::string_view title, std::span<const ContactRow> rows) {
  int columns = 1, height = title_size + 2 * gap;
  for (const ContactRow& row : rows) {
    columns = std::max(columns, static_cast<int>(row.cards.size()));
    height += height_of(row);
  }
  Image sheet(gap + std::max(columns, 3) * (card_width + gap), height);
  std::ranges::fill(sheet.data, ground.red);
  Letters large(title_size), middle(row_title_size), small(text_size);
  large.draw(sheet, gap, gap, title_size, large.cut(printable_text(title), sheet.width - 2 * gap), ink);
  int top = title_size + 2 * gap;
  for (const ContactRow& row : rows) {
    middle.draw(sheet, gap, top, row_title_size, middle.cut(printable_text(row.title), sheet.width - 2 * gap), ink);
    for (std::size_t column = 0; column < row.cards.size(); ++column) {
      const ContactCard& card = row.cards[column];
      const int x = gap + static_cast<int>(column) * (card_width + gap);
      int y = top + row_title_size + gap / 2;
      draw_picture(sheet, x, y, card.picture);
      y += picture_height + gap / 2;
      for (const ContactText& text : card.texts) {
        draw_text(sheet, x, y, text, small);
        y += text_height;
      }
    }
    top += height_of(row);
  }
  return sheet;
}

}  // namespace omma
