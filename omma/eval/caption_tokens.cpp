#include "omma/eval/caption_tokens.h"

#include <map>

#include "omma/text/aligned_text.h"
#include "omma/text/pattern.h"

namespace omma {
namespace {

// What is kept, longest first at each place; what no line matches is white space and the punctuation that the evaluation drops.
constexpr std::string_view token_pattern =
    // contractions and what they are split into
    R"(\w+?(?=n't\b)|n't\b|can(?=not\b)|gon(?=na\b)|wan(?=na\b)|got(?=ta\b)|lem(?=me\b)|gim(?=me\b)|'t(?=is\b|was\b))"
    R"(|ma'am\b|y'(?=all\b)|'n'(?!\w)|'(?:s|m|d|re|ve|ll|n|em|til|cause|\d+s)\b)"
    // abbreviations keep their period, even at the end of a caption
    R"(|(?:adm|al|apr|assn|aug|ave|bldg|blvd|bros|capt|cf|co|col|corp|cos|cpl|dec|dept|dr|esq|est|etc|ext|feb|fri|ft|gen|gov|hon)"
    R"(|inc|jan|jr|jul|jun|lt|ltd|maj|messrs|mon|mr|mrs|ms|mt|nov|oct|ph\.d|prof|rd|rep|rev|rt|sen|sep|sept|sgt|sr|st|thu|thurs)"
    R"(|tue|tues|univ|vs|wed|[^\W\d_](?:\.[^\W\d_])*)\.(?!\w)|nos?\.(?=\s*\d))"
    // words and numbers: o'clock, half-eaten, and/or, 5:30, 1,000, -.5, #1 as two and #dog as one
    R"(|[dol]'\w+|[#@][^\W\d]\w*|(?:[-+](?=\.?\d))?(?:\.(?=\d))?\w+(?:(?:[-/.]|(?<=\d)[,:](?=\d))\w+)*)"
    R"(|[?!]{2,}|[^\s.,:;?!"'`-])";

// Typesetters' quotes and dashes as the plain ones.
char32_t plain(char32_t code) {
  switch (code) {
    case U'\u2018':
    case U'\u2019':
      return U'\'';
    case U'\u201C':
    case U'\u201D':
      return U'"';
    case U'\u2013':
    case U'\u2014':
    case U'\u2026':
      return U' ';
    default:
      return code;
  }
}

// Lower-casing leaves Treebank's bracket names outside the list of what is dropped, so they count as words.
std::string name_of(std::string_view token) {
  static const std::map<std::string_view, std::string_view> brackets = {{"(", "-lrb-"}, {")", "-rrb-"}, {"[", "-lsb-"},
                                                                        {"]", "-rsb-"}, {"{", "-lcb-"}, {"}", "-rcb-"}};
  const auto bracket = brackets.find(token);
  return std::string(bracket == brackets.end() ? token : bracket->second);
}

}  // namespace

std::vector<std::string> caption_tokens(std::string_view caption) {
  static const Pattern pattern = Pattern::regex(token_pattern, "caption tokens");
  AlignedText text(caption);
  text.map(plain);
  text.to_lower();
  std::vector<std::string> tokens;
  for (const TextPart& part : pattern.split(text.str()))
    if (part.matches) tokens.push_back(name_of(std::string_view(text.str()).substr(part.begin, part.end - part.begin)));
  return tokens;
}

}  // namespace omma
