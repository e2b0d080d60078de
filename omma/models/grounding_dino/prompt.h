// Prompts: phrases or a caption as tokens, and labels back from tokens.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/text/tokenizer.h"

namespace omma::grounding_dino {

// "[CLS] phrase . phrase . [SEP]" and where each phrase lies: tokens [begin, end).
struct PromptTokens {
  std::vector<int64_t> ids;
  std::vector<std::pair<int64_t, int64_t>> phrases;
};
PromptTokens tokenize_prompt(const Tokenizer& tokenizer, std::span<const std::string> phrases);

// A phrase as it may stand in a prompt: lower-case, "." and "?" read as spaces (they would close it), single spaces. Throws
// std::invalid_argument where nothing is left.
std::string clean_phrase(std::string_view phrase);

struct PromptLimits {
  int64_t tokens = 256;        // of one prompt
  int64_t phrase_tokens = 64;  // of one phrase with its closing full stop
};

// One prompt, or several where the phrases do not fit one: each with the place of its first phrase among all. Throws
// std::invalid_argument for a phrase that does not fit any.
struct PhrasePrompt {
  PromptTokens tokens;
  int first_phrase = 0;
};
std::vector<PhrasePrompt> phrase_prompts(const Tokenizer& tokenizer, std::span<const std::string> phrases,
                                         const PromptLimits& limits);

// A free caption, "a cat. a dog.": lower-cased, with a full stop at the end.
struct CaptionPrompt {
  std::string text;
  std::vector<int64_t> ids;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> offsets;  // in bytes of text
};
CaptionPrompt caption_prompt(const Tokenizer& tokenizer, std::string_view caption, const PromptLimits& limits);

// The label of a query: the caption's words with a token over `threshold`, in the sentence of the best token. Whole words of one
// sentence, where the authors' program gives "##van" and "car taxi" (IDEA-Research/GroundingDINO issue 63).
std::string caption_label(const CaptionPrompt& prompt, std::span<const float> token_scores, float threshold);

}  // namespace omma::grounding_dino
