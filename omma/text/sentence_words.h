// A sentence as words, for the search of its noun phrases.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/text/text_span.h"

namespace omma {

// What stands between two words beside white space.
enum class WordGap { none, comma, stop };

struct SentenceWord {
  TextSpan span;
  std::string key;  // to look it up by: ASCII letters are lower-case, typographic apostrophes straight
  WordGap before = WordGap::stop;
};

// Words are runs of letters, marks and digits (Unicode), held together by hyphens and apostrophes ("T-shirt", "o'clock"), by signs
// between digits ("1,000", "3.5") and by the full stops of initials and titles, which belong to them ("U.S.", "Mr."). Words of
// their own are "&" and what an apostrophe sets off at the end: "'s", "'re" and the like, and the "'" of "the dogs' bowl". White
// space and invisible characters part words, all else (malformed UTF-8 too) is a stop.
std::vector<SentenceWord> sentence_words(std::string_view sentence);

}  // namespace omma
