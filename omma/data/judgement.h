// Whether what a text states of a picture is so.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/statements.h"
#include "omma/vision/boxes.h"

namespace omma {

// A thing that is in the picture.
struct SeenObject {
  int name = 0;        // into the lexicon
  int color = -1;      // world_color's index; -1 where nobody tells
  Box box = {};        // in shares of the picture's sides, 0 to 1
  bool crowd = false;  // more of them than anyone counted
};

enum class Verdict { no, undecided, yes };
std::string_view name_of(Verdict verdict);  // "false", "undecided", "true"

// Against all the objects that there are. Where a person might dispute it (a dog almost in the middle said to be on the left, a
// colour that nobody told, a size word) it is undecided; so is a relation to what is not there, whose invention is told once.
Verdict judge(const Statement& statement, std::span<const SeenObject> objects);

}  // namespace omma
