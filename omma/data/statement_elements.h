// A sentence's words put together to what the grammar of statements.h knows. Not part of the interface.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/data/statements.h"

namespace omma {

struct StatementElement {
  enum class Kind {
    mention,
    pronoun,  // it, they
    number,   // without a noun: "one on the left"; mention.count
    relation,
    place,    // mention.place
    color,    // without a noun: "is red"
    extreme,  // "the leftmost object": mention.names and relation
    more,
    fewer,
    than,
    negation,  // not, never, without
    verb,
    joint,  // and, or, a comma
    turn,   // but, a semicolon: what was said before no longer binds
    yes,
    no,  // as an answer
    other,
  };
  Kind kind = Kind::other;
  Mention mention = {};
  Relation relation = Relation::left_of;
  int color = 0;
  std::string word = {};  // the first
};

struct Sentence {
  std::vector<StatementElement> elements;
  std::vector<std::string> words;
  bool question = false;
  bool guess = false;  // "perhaps", "if", "would"
};

std::vector<Sentence> read_sentences(std::string_view text, const Lexicon& lexicon);

}  // namespace omma
