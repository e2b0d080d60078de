// From a sentence to what a detector shall look for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "omma/text/text_span.h"

namespace omma {

struct NounPhrase {
  std::string text;      // as in the sentence, white space made single spaces; valid UTF-8, never empty
  TextSpan span;         // its words in the sentence, in bytes
  bool by_hand = false;  // it stood in brackets
};

inline constexpr std::size_t kMaxSentenceBytes = std::size_t{1} << 16;

// The noun phrases of an English sentence, in its order, each as often as it stands there: "Find the person and the kite." gives
// "person" and "kite". None is a fair result ("Where is it?").
//
// By lists of words and a few rules, without a model: what is right for most commands, questions, captions and lists, and wrong
// where only the meaning could tell ("people fish"). Whoever must be certain sets brackets: "Find [the people fish] of a kite".
//   - A phrase is a noun with what stands before it: "red sports car", "parked cars", "snow covered mountain", "man's hat". Its
//     determiners and numbers are left out, as detectors' phrases have none; "red one" stays, "the one" is none.
//   - "Of" is within a phrase, with the determiners behind it: "bottle of water", "front wheel of the motorcycle". Where the word
//     before it only measures or shows ("a couple of dogs", "the color of the car", "a photo of a cat"), that is left out.
//   - "And" and "or" part nouns and hold modifiers together: "cats", "dogs"; "black and white cats", "red, white and blue flags".
//   - What says only where is left out: "to the left of", "in the background", "in this picture", "at night".
//   - Adjectives without a noun are none: "Is the door open?" gives "door". Pronouns are none.
//   - Negation is not understood: "a street without cars" gives "street" and "cars".
//
// [Brackets] mark phrases by hand. Where there are any, only they are taken, as they stand but for a leading article: "[the kite]"
// gives "kite". "\[" and "\]" are brackets that mark nothing.
//
// Throws std::invalid_argument for brackets that are not closed, not opened, within others or empty, and for a sentence of more
// than kMaxSentenceBytes. Malformed UTF-8 is a stop, U+FFFD within brackets. Thread-safe; linear in the sentence's length.
std::vector<NounPhrase> noun_phrases(std::string_view sentence);

}  // namespace omma
