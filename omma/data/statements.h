// What a text states about a picture, read by a small grammar of plain English: what is there, how many, of which colour, where,
// and how things stand to each other. What the grammar cannot read is no statement; guesses ("perhaps a dog") and questions are
// none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/lexicon.h"
#include "omma/data/world/scene.h"

namespace omma {

// A part of the picture: -1 left or top, 0 the middle, 1 right or bottom; unset where any will do.
struct Place {
  std::optional<int> across, down;
  bool operator==(const Place&) const = default;
};

// Things that a text speaks of: "two red dogs", "the animals", "no car".
struct Mention {
  std::vector<int> names;  // indices into the lexicon, one or a group's
  bool group = false;
  std::optional<int> color = {};  // world_color's index
  std::string size = {};          // "small", "large", ""
  int count = 1;
  bool exact = false;     // so many and no more; else at least
  bool definite = false;  // "the dog"
  bool negative = false;  // "no dog"
  bool other = false;     // "another dog"
  std::optional<Place> place = {};
};

struct Statement {
  enum class Kind {
    exists,    // subject.count of them are there, in subject.place where that is told
    color,     // the subject is of `color`
    relation,  // the subject stands so to the reference
    more,      // there are more of the subject than of the reference
    fewer,
    extreme,  // of the reference, the subject stands so to all others: `left_of` for "leftmost", `larger` for "largest"
  };
  Kind kind = Kind::exists;
  bool negated = false;
  Mention subject;
  Mention reference = {};
  Relation relation = Relation::left_of;
  int color = 0;
};

// Of a description or caption; where the text answers a question, what "yes", "two" and "it is red" mean follows from that.
std::vector<Statement> read_statements(std::string_view text, const Lexicon& lexicon, std::string_view question = "");

// Short, for records: "2 red dog", "no car", "red dog left of blue car".
std::string text_of(const Statement& statement, const Lexicon& lexicon);

}  // namespace omma
