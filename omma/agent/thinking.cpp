#include "omma/agent/thinking.h"

#include <algorithm>
#include <array>
#include <utility>

#include "omma/agent/ascii.h"

namespace omma {

namespace {

struct ThinkingTags {
  std::string_view opening, closing;
};
// In any case of letters.
constexpr std::array<ThinkingTags, 11> thinking_tags = {{
    {"<think>", "</think>"},          // DeepSeek, Qwen, GLM and most others
    {"<thinking>", "</thinking>"},    //
    {"<thought>", "</thought>"},      // Gemini's OpenAI-compatible URL
    {"<reasoning>", "</reasoning>"},  //
    {"<reason>", "</reason>"},
    {"<scratchpad>", "</scratchpad>"},
    {"<seed:think>", "</seed:think>"},                                    // Seed-OSS
    {"[THINK]", "[/THINK]"},                                              // Magistral
    {"\xE2\x97\x81think\xE2\x96\xB7", "\xE2\x97\x81/think\xE2\x96\xB7"},  // Kimi
    {"<|begin_of_thought|>", "<|end_of_thought|>"},                       // Sky-T1
    {"<|channel|>analysis<|message|>", "<|channel|>final<|message|>"},    // gpt-oss, where the server leaves its channels
}};

// Whether `text` begins with `tag`, or is too short to tell.
enum class Match { no, maybe, yes };
Match match(std::string_view text, std::string_view tag) {
  if (text.size() >= tag.size()) return starts_with_ignoring_case(text, tag) ? Match::yes : Match::no;
  return starts_with_ignoring_case(tag, text) ? Match::maybe : Match::no;
}

struct OpeningMatch {
  Match match = Match::no;
  ThinkingTags tags;
};
OpeningMatch match_opening(std::string_view text) {
  OpeningMatch best;
  for (const ThinkingTags& tags : thinking_tags) {
    const Match found = match(text, tags.opening);
    if (found == Match::yes) return {found, tags};
    if (found == Match::maybe) best.match = found;
  }
  return best;
}

}  // namespace

std::string ThinkingFilter::push(std::string_view piece) {
  pending_ += piece;
  std::string said;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const std::string_view rest = std::string_view(pending_).substr(at);
    if (inside()) {
      const Match found = match(rest, closing_);
      if (found == Match::maybe) break;
      at += found == Match::yes ? std::exchange(closing_, {}).size() : 1;
      continue;
    }
    const OpeningMatch opening = match_opening(rest);
    if (opening.match == Match::maybe) break;
    if (opening.match == Match::yes) {
      thought_ = true;
      closing_ = opening.tags.closing;
      at += opening.tags.opening.size();
      continue;
    }
    const char c = pending_[at++];
    if (!said_ && thought_ && blanks.find(c) != std::string_view::npos) continue;
    said_ = said_ || blanks.find(c) == std::string_view::npos;
    said += c;
  }
  pending_.erase(0, at);
  return said;
}

std::string ThinkingFilter::finish() {
  std::string rest = std::exchange(pending_, {});
  return inside() ? "" : rest;
}

std::string without_thinking(std::string_view text) {
  ThinkingFilter filter;
  std::string said = filter.push(text);
  said += filter.finish();
  std::size_t begin = 0;
  for (std::size_t at = 0; at < said.size(); ++at)
    for (const ThinkingTags& tags : thinking_tags)
      if (starts_with_ignoring_case(std::string_view(said).substr(at), tags.closing)) begin = at + tags.closing.size();
  if (begin > 0) begin = std::min(said.find_first_not_of(blanks, begin), said.size());
  return said.substr(begin);
}

}  // namespace omma
