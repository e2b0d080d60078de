// What each word of a sentence does there, as far as its noun phrases go.
#pragma once

#include <span>
#include <vector>

#include "omma/text/sentence_words.h"

namespace omma {

enum class WordRole {
  none,  // no word
  other,
  opener,       // before a noun phrase: "the", "three", "all", "very"
  modifier,     // within one: "red", "parked", "sleeping"
  material,     // within one, or its last word: "glass"
  noun,         // the same
  owner,        // the "'s" after one
  of,           // after one
  abstract,     // ends one that names nothing to be found: "photo" in "photo of"
  conjunction,  // "and"
  relative,     // "who", and "that" after a noun
  question,
  clause,
  subject,
  pronoun,
  preposition,
  auxiliary,
  verb,
};

// One role a word.
std::vector<WordRole> word_roles(std::span<const SentenceWord> words);

}  // namespace omma
