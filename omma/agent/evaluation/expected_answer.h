// The right answer to a question that a person wrote, and whether an answer in free words says it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/evaluation/thing_names.h"
#include "omma/base/json.h"

namespace omma {

struct ExpectedAnswer {
  enum class Kind {
    number,   // {"number": 3}                          the first number that is said: "3", "Three dogs", "none"
    yes,      // {"yes": false}                         "no", "Nope, ...", "There is no dog"
    name,     // {"name": "dog"}                        the first name that is said
    names,    // {"names": ["cat", "dog"]}              these and no others, in any order
    color,    // {"color": "blue"}                      the first colour that is said
    place,    // {"place": "top left"}                  "upper left corner"
    side,     // {"side": "left"}                       left and not right
    text,     // {"text": "14:12"}                      all of these words, in any order
    share,    // {"share": 12.5}                        per cent, within a tenth or half a point
    mask,     // {"mask": [0, 2]}                       the picture's objects that are to be cut out
    refusal,  // {"refusal": true}                      "I cannot ...", "I can only answer questions about the picture."
    talk,     // {"talk": true}                         anything that is not empty
    all,      // {"all": [{"yes": true}, {"number": 2}]}   each, those of one kind in this order
    any,      // {"any": [{"number": 42}, {"refusal": true}]}
  };
  Kind kind = Kind::talk;
  double number = 0;  // number, share
  bool yes = false;
  std::string text;                // name, color, place, side, text
  std::vector<std::string> names;  // as ThingNames::plain() has them, ascending
  std::vector<int> objects;        // mask: ascending
  std::vector<ExpectedAnswer> parts;

  bool operator==(const ExpectedAnswer&) const = default;
};

// Throws std::invalid_argument that begins with `where`.
ExpectedAnswer read_expected_answer(const json& answer, std::string_view where);

// In few words, as a model should answer: "3", "no", "cat, dog", "yes, 2"; "" for a mask.
std::string text_of(const ExpectedAnswer& expected);

struct SaidAnswer {
  std::string text;
  double mask_iou = 0;  // of all that was cut out with what was to be
};

// A mask is right at an IoU of one half or more.
bool is_right(const ExpectedAnswer& expected, const SaidAnswer& said, const ThingNames& names);

}  // namespace omma
