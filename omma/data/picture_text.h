// A picture in words alone, as a teacher that sees no pixels is told of it (Liu et al. 2023, LLaVA, section 3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/data/lexicon.h"
#include "omma/vision/boxes.h"

namespace omma {

struct NamedBox {
  std::string name;    // "red dog"; a COCO category
  Box box = {};        // in shares of the picture's sides, 0 to 1
  bool crowd = false;  // around many
};

// A box in pixels of a picture, in shares of its sides.
Box share_of(const Box& box, int width, int height);

struct PictureText {
  std::vector<std::string> captions = {};
  std::vector<NamedBox> boxes = {};
};

enum class PictureParts { captions, captions_and_boxes };

// A caption a line; then, after an empty line, a box a line: "red dog: [0.125, 0.300, 0.512, 0.871]", a crowd's name in the plural.
std::string text_of(const PictureText& picture, PictureParts parts);

// The same back, boxes to three decimals: all that a teacher can know. Lines of no other form are captions.
PictureText read_picture_text(std::string_view text);

struct SeenObject;

// The boxes as what a text is judged against. A colour is read from the name where `lexicon` has the rest of it; what it does not
// have is left out.
std::vector<SeenObject> seen_objects(const std::vector<NamedBox>& boxes, const Lexicon& lexicon);

}  // namespace omma
