// Pictures with their texts and what was decided about them, for a person to look at.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/vision/image.h"

namespace omma {

struct ContactText {
  std::string decision;  // "web kept 0.98"
  bool good = false;     // green, else red
  std::string text;      // UTF-8 from anywhere
};

struct ContactCard {
  Image picture;
  std::vector<ContactText> texts;
};

struct ContactRow {
  std::string title;
  std::vector<ContactCard> cards;
};

// The picture in the size in which a card shows it, so that many can be kept for a sheet.
Image contact_picture(const Image& picture);

// Rows of cards under a title; long texts are cut with an ellipsis. Without a font (see Font::load) pictures and colours alone.
Image draw_contact_sheet(std::string_view title, std::span<const ContactRow> rows);

}  // namespace omma
