#include "omma/models/phrase_prompt.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {
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

std::vector<std::pair<int64_t, int64_t>> blocks_of(std::span<const int64_t> ids) {
  std::vector<std::pair<int64_t, int64_t>> blocks;
  for (int64_t i = 0, begin = 0; i < std::ssize(ids); ++i) {
    if (!is_separator(ids[static_cast<std::size_t>(i)])) continue;
    if (i > begin) blocks.emplace_back(begin, i);
    begin = i + 1;
  }
  return blocks;
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
                                         const PromptRules& rules) {
  check(!phrases.empty(), "detection prompt: expected at least one phrase");
  const int64_t longest = std::min(rules.phrase_tokens, rules.tokens - 2);
  std::vector<PhrasePrompt> prompts;
  for (std::size_t i = 0; i < phrases.size(); ++i) {
    const std::vector<int64_t> ids = encode_phrase(tokenizer, clean_phrase(phrases[i]));
    check(!ids.empty(), "phrase \"{}\": the tokenizer finds no words in it", phrases[i]);
    const auto needed = static_cast<int64_t>(ids.size()) + 1;
    check(needed <= longest, "phrase {}: has {} tokens, the model takes at most {}", i, needed, longest);
    const bool fits = !prompts.empty() && static_cast<int64_t>(prompts.back().tokens.ids.size()) + needed + 1 <= rules.tokens;
    if (!fits) prompts.push_back({.tokens = {.ids = {kBegin}, .phrases = {}}, .first_phrase = static_cast<int>(i)});
    append_phrase(prompts.back().tokens, ids);
  }
  for (PhrasePrompt& prompt : prompts) {
    if (!rules.ends_with_stop) prompt.tokens.ids.pop_back();
    prompt.tokens.ids.push_back(kEnd);
  }
  return prompts;
}

CaptionPrompt caption_prompt(const Tokenizer& tokenizer, std::string_view caption, const PromptRules& rules) {
  CaptionPrompt prompt{.text = lower(caption), .ids = {kBegin}, .offsets = {{0, 0}}, .sentences = {}};
  while (!prompt.text.empty() && is_space(prompt.text.back())) prompt.text.pop_back();
  prompt.text.erase(0, static_cast<std::size_t>(std::ranges::find_if_not(prompt.text, is_space) - prompt.text.begin()));
  check(!prompt.text.empty(), "caption: expected at least one word");
  if (rules.ends_with_stop && prompt.text.back() != '.') prompt.text += '.';
  const Encoding encoding = tokenizer.encode(prompt.text, {.add_special_tokens = false, .parse_special = false});
  prompt.ids.insert(prompt.ids.end(), encoding.ids.begin(), encoding.ids.end());
  prompt.offsets.insert(prompt.offsets.end(), encoding.offsets.begin(), encoding.offsets.end());
  prompt.ids.push_back(kEnd);
  prompt.offsets.emplace_back(0, 0);
  check(static_cast<int64_t>(prompt.ids.size()) <= rules.tokens, "caption: has {} tokens, the model takes at most {}",
        prompt.ids.size(), rules.tokens);
  prompt.sentences = blocks_of(prompt.ids);
  for (const auto& [begin, end] : prompt.sentences)
    check(end - begin < rules.phrase_tokens, "caption: a sentence has more than {} tokens", rules.phrase_tokens - 1);
  return prompt;
}

std::string caption_label(const CaptionPrompt& prompt, std::span<const float> token_scores, float threshold) {
  const auto best_of = [&](std::pair<int64_t, int64_t> sentence) {
    return *std::max_element(token_scores.begin() + sentence.first, token_scores.begin() + sentence.second);
  };
  const auto best =
      std::max_element(prompt.sentences.begin(), prompt.sentences.end(), [&](auto a, auto b) { return best_of(a) < best_of(b); });
  return best == prompt.sentences.end() ? "" : sentence_label(prompt, *best, token_scores, threshold);
}

std::string sentence_label(const CaptionPrompt& prompt, std::pair<int64_t, int64_t> sentence, std::span<const float> token_scores,
                           float threshold) {
  const auto end = static_cast<std::size_t>(sentence.second);
  std::string label;
  for (auto word = static_cast<std::size_t>(sentence.first); word < end;) {
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

}  // namespace omma
