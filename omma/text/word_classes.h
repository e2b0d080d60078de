// Classes of English words, for the search of a sentence's noun phrases.
#pragma once

#include <string_view>

namespace omma {

enum class WordClass {
  open,            // in no list: most nouns, and whatever nobody listed
  noun,            // looks like a verb's form and is none: "building", "bed"
  actor,           // who does things: the word that follows may well be a verb
  adjective,       // names nothing by itself
  material,        // adjective or noun: "glass", "orange"
  place,           // of something, or nowhere in particular: "left", "corner", "background", "night"
  picture,         // what shows the things and is not one of them: "photo"
  measure,         // of the things that are named after it: "couple of", "kind of"
  outline,         // what is drawn around things, else a noun: "box"
  command,         // asks to look: "find"
  request,         // the same, or a noun: "count", "label"
  verb,            // "holds", "sat"
  activity,        // verb or noun: "ride", "walks"
  ing,             // "riding"
  gerund,          // of those the ones that compound: "parking lot"
  past,            // "parked", "broken"
  determiner,      // "the", "some", "my"
  one_determiner,  // of a single thing: "a", "every"
  quantity,        // "all", "many", "other"
  number,          // in words or digits
  that,
  pronoun,  // "them", "something"
  subject,  // the pronouns that a verb follows: "they"
  question,
  who,
  preposition,
  of,
  conjunction,  // "and", "or"
  clause,       // begins one: "while", "because"
  auxiliary,
  adverb,
  manner,      // an adverb of how: "brightly"
  apostrophe,  // "'s" and "'", words of their own
  end          // no word
};

// The class of a word in lower case with straight apostrophes: by the lists, else by its ending.
WordClass word_class(std::string_view word);

// By its look, as an English noun: "dogs", "people"; not "glass", "bus" or "jeans".
bool looks_plural(std::string_view word);

}  // namespace omma
