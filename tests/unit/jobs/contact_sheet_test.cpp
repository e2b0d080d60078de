#include "omma/jobs/contact_sheet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "omma/vision/canvas.h"

namespace omma {
namespace {

Image plain(int width, int height, std::uint8_t level) {
  Image image(width, height);
  std::ranges::fill(image.data, level);
  return image;
}

std::int64_t count_of(const Image& image, Color color) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < image.data.size(); i += 3)
    count += Color{image.data[i], image.data[i + 1], image.data[i + 2]} == color;
  return count;
}

TEST(ContactSheet, ShowsEveryPictureAndDecision) {
  const ContactRow row{.title = "a row",
                       .cards = {{.picture = plain(40, 20, 7), .texts = {{.decision = "kept", .good = true, .text = "one"}}},
                                 {.picture = plain(3, 300, 9), .texts = {{.decision = "dropped", .good = false, .text = "two"}}}}};
  const Image sheet = draw_contact_sheet("title", std::vector{row, row});
  EXPECT_EQ(count_of(sheet, {7, 7, 7}), 2 * 216 * 108);  // as large as its place, at its own proportions
  EXPECT_EQ(count_of(sheet, {9, 9, 9}), 2 * 1 * 162);
  const std::int64_t green = count_of(sheet, {0x1B, 0x7F, 0x46}), red = count_of(sheet, {0xC4, 0x2B, 0x2B});
  EXPECT_GT(green, 500);
  EXPECT_GT(red, 500);
}

TEST(ContactSheet, TextsFromAnywhereStayInTheirPlace) {
  ContactCard card{.picture = plain(8, 8, 7), .texts = {}};
  const std::string long_word(5000, 'm');
  for (const std::string& text : {long_word, std::string("a b ") + long_word, std::string("\xff\xfe\n\x1b[31m"), std::string()})
    card.texts.push_back({.decision = text, .good = true, .text = text});
  const Image sheet = draw_contact_sheet(long_word, std::vector<ContactRow>{{.title = long_word, .cards = {card}}});
  for (int y = 0; y < sheet.height; ++y)  // right of the card
    for (int x = 16 + 216 + 4; y > 80 && x < sheet.width; ++x) ASSERT_EQ(sheet.pixel(x, y)[0], 255) << x << ", " << y;
  EXPECT_FALSE(draw_contact_sheet("nothing", {}).empty());
}

}  // namespace
}  // namespace omma
