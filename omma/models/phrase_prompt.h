// Prompts of detectors by language (Grounding DINO, GLIP): phrases or a caption as BERT's tokens, and labels back from tokens.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/text/tokenizer.h"

namespace omma {

// BERT's [CLS], [SEP], "." and "?": they close a block of a prompt.
inline constexpr int64_t separator_tokens[] = {101, 102, 1012, 1029};

// "[CLS] phrase . phrase . [SEP]" and where each phrase lies: tokens [begin, end).
struct PromptTokens {
  std::vector<int64_t> ids;
  std::vector<std::pair<int64_t, int64_t>> phrases;
};
PromptTokens tokenize_prompt(const Tokenizer& tokenizer, std::span<const std::string> phrases);

// A phrase as it may stand in a prompt: lower-case, "." and "?" read as spaces (they would close it), single spaces. Throws
// std::invalid_argument where nothing is left.
std::string clean_phrase(std::string_view phrase);

struct PromptRules {
  int64_t tokens = 256;        // of one prompt, at most
  int64_t phrase_tokens = 64;  // of one phrase with its closing full stop, at most
  bool ends_with_stop = true;  // a full stop closes the last phrase too, and a caption without one
};

// One prompt, or several where the phrases do not fit one: each with the place of its first phrase among all. Throws
// std::invalid_argument for a phrase that does not fit any.
struct PhrasePrompt {
  PromptTokens tokens;
  int first_phrase = 0;
};
std::vector<PhrasePrompt> phrase_prompts(const Tokenizer& tokenizer, std::span<const std::string> phrases,
                                         const PromptRules& rules);

// A free caption, "a cat. a dog.": lower-cased.
struct CaptionPrompt {
  std::string text;
  std::vector<int64_t> ids;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> offsets;  // in bytes of text
  std::vector<std::pair<int64_t, int64_t>> sentences;            // tokens [begin, end) of each, without what closes it
};
CaptionPrompt caption_prompt(const Tokenizer& tokenizer, std::string_view caption, const PromptRules& rules);

// The label of a query: the caption's words with a token over `threshold`, in the sentence of the best token. Whole words of one
// sentence, where the authors' program gives "##van" and "car taxi" (IDEA-Research/GroundingDINO issue 63).
std::string caption_label(const CaptionPrompt& prompt, std::span<const float> token_scores, float threshold);
// Likewise of one of its sentences.
std::string sentence_label(const CaptionPrompt& prompt, std::pair<int64_t, int64_t> sentence, std::span<const float> token_scores,
                           float threshold);

}  // namespace omma
