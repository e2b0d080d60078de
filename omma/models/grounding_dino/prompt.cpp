#include "omma/models/grounding_dino/prompt.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/models/grounding_dino/text.h"

namespace omma::grounding_dino {
namespace {

constexpr int64_t kBegin = 101, kEnd = 102, kFullStop = 1012;

bool is_separator(int64_t id) { return std::ranges::find(separator_tokens, id) != std::end(separator_tokens); }

// ASCII only: BERT's own normaliser lowers the rest.
std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lowered;
}

std::vector<int64_t> encode_phrase(const Tokenizer& tokenizer, std::string_view phrase) {
  const Encoding encoding = tokenizer.encode(phrase, {.add_special_tokens = false, .parse_special = false});
  return {encoding.ids.begin(), encoding.ids.end()};
}

void append_phrase(PromptTokens& prompt, std::span<const int64_t> ids) {
  const auto begin = static_cast<int64_t>(prompt.ids.size());
  prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
  prompt.phrases.emplace_back(begin, static_cast<int64_t>(prompt.ids.size()));
  prompt.ids.push_back(kFullStop);
}

// The bounds of the block around `token`, its separators excluded.
std::pair<std::size_t, std::size_t> block_around(std::span<const int64_t> ids, std::size_t token) {
  std::size_t begin = token, end = token + 1;
  while (begin > 0 && !is_separator(ids[begin - 1])) --begin;
  while (end < ids.size() && !is_separator(ids[end])) ++end;
  return {begin, end};
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

PromptTokens tokenize_prompt(const Tokenizer& tokenizer, std::span<const std::string> phrases) {
  PromptTokens prompt{.ids = {kBegin}, .phrases = {}};
  for (const std::string& phrase : phrases) append_phrase(prompt, encode_phrase(tokenizer, phrase));
  prompt.ids.push_back(kEnd);
  return prompt;
}

std::string clean_phrase(std::string_view phrase) {
  std::string cleaned;
  for (char c : lower(phrase)) {
    if (c == '.' || c == '?' || is_space(c)) c = ' ';
    if (c != ' ' || (!cleaned.empty() && cleaned.back() != ' ')) cleaned += c;
  }
  if (!cleaned.empty() && cleaned.back() == ' ') cleaned.pop_back();
  check(!cleaned.empty(), "phrase \"{}\": expected at least one word", phrase);
  return cleaned;
}

std::vector<PhrasePrompt> phrase_prompts(const Tokenizer& tokenizer, std::span<const std::string> phrases,
                                         const PromptLimits& limits) {
  check(!phrases.empty(), "detection prompt: expected at least one phrase");
  const int64_t longest = std::min(limits.phrase_tokens, limits.tokens - 2);
  std::vector<PhrasePrompt> prompts;
  for (std::size_t i = 0; i < phrases.size(); ++i) {
    const std::vector<int64_t> ids = encode_phrase(tokenizer, clean_phrase(phrases[i]));
    check(!ids.empty(), "phrase \"{}\": the tokenizer finds no words in it", phrases[i]);
    const auto needed = static_cast<int64_t>(ids.size()) + 1;
    check(needed <= longest, "phrase {}: has {} tokens, the model takes at most {}", i, needed, longest);
    const bool fits = !prompts.empty() && static_cast<int64_t>(prompts.back().tokens.ids.size()) + needed + 1 <= limits.tokens;
    if (!fits) prompts.push_back({.tokens = {.ids = {kBegin}, .phrases = {}}, .first_phrase = static_cast<int>(i)});
    append_phrase(prompts.back().tokens, ids);
  }
  for (PhrasePrompt& prompt : prompts) prompt.tokens.ids.push_back(kEnd);
  return prompts;
}

CaptionPrompt caption_prompt(const Tokenizer& tokenizer, std::string_view caption, const PromptLimits& limits) {
  CaptionPrompt prompt{.text = lower(caption), .ids = {kBegin}, .offsets = {{0, 0}}};
  while (!prompt.text.empty() && is_space(prompt.text.back())) prompt.text.pop_back();
  prompt.text.erase(0, static_cast<std::size_t>(std::ranges::find_if_not(prompt.text, is_space) - prompt.text.begin()));
  check(!prompt.text.empty(), "caption: expected at least one word");
  if (prompt.text.back() != '.') prompt.text += '.';
  const Encoding encoding = tokenizer.encode(prompt.text, {.add_special_tokens = false, .parse_special = false});
  prompt.ids.insert(prompt.ids.end(), encoding.ids.begin(), encoding.ids.end());
  prompt.offsets.insert(prompt.offsets.end(), encoding.offsets.begin(), encoding.offsets.end());
  prompt.ids.push_back(kEnd);
  prompt.offsets.emplace_back(0, 0);
  check(static_cast<int64_t>(prompt.ids.size()) <= limits.tokens, "caption: has {} tokens, the model takes at most {}",
        prompt.ids.size(), limits.tokens);
  for (std::size_t i = 0, block = 0; i < prompt.ids.size(); ++i) {
    block = is_separator(prompt.ids[i]) ? 0 : block + 1;
    check(static_cast<int64_t>(block) < limits.phrase_tokens, "caption: a sentence has more than {} tokens",
          limits.phrase_tokens - 1);
  }
  return prompt;
}

std::string caption_label(const CaptionPrompt& prompt, std::span<const float> token_scores, float threshold) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < prompt.ids.size(); ++i)
    if (!is_separator(prompt.ids[i]) && (is_separator(prompt.ids[best]) || token_scores[i] > token_scores[best])) best = i;
  if (is_separator(prompt.ids[best])) return "";
  const auto [begin, end] = block_around(prompt.ids, best);
  std::string label;
  for (std::size_t word = begin; word < end;) {
    std::size_t after = word + 1;  // a word's tokens touch one another
    while (after < end && prompt.offsets[after].first == prompt.offsets[after - 1].second) ++after;
    const bool chosen =
        std::any_of(token_scores.begin() + static_cast<std::ptrdiff_t>(word),
                    token_scores.begin() + static_cast<std::ptrdiff_t>(after), [&](float s) { return s > threshold; });
    if (chosen) {
      if (!label.empty()) label += ' ';
      label += prompt.text.substr(prompt.offsets[word].first, prompt.offsets[after - 1].second - prompt.offsets[word].first);
    }
    word = after;
  }
  return label;
}

}  // namespace omma::grounding_dino
