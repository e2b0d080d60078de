// What a LLaVA learns from: the words that the assistant says, one after another (Liu et al. 2023, LLaVA, eq. 3).
//
// B dialogues, T tokens of the longest, P learned tokens, V views of pictures.
#pragma once

#include <span>
#include <vector>

#include "omma/models/llava/llava.h"
#include "omma/recipes/llava/dialogue.h"

namespace omma {

// A dialogue with its picture's token in as many places as the picture has tokens, and what the tower sees.
struct LlavaSample {
  DialogueTokens tokens;
  std::optional<LlavaViews> picture = {};
};

// Puts `tokens_of_picture` image tokens in the place of the one, and cuts what is longer than `max_tokens`. False where the picture
// has no room: then the text before it is left, of which nothing is learned.
bool expand(DialogueTokens& tokens, int64_t image_token, int64_t tokens_of_picture, int64_t max_tokens);

struct LlavaBatch {
  std::vector<LlavaViews> pictures;
  Tensor ids;        // int64 [B, T], padded on the right with `padding`
  Tensor positions;  // int64 [P]: places b T + t before a learned token
  Tensor targets;    // int64 [P]
};
LlavaBatch collate(std::span<const LlavaSample> samples, int64_t padding);

// Logits [P, words] of the learned tokens. A tower that does not learn makes no graph.
Tensor learned_logits(Llava& model, const LlavaBatch& batch);

// The mean over the learned tokens of -log p; without any a zero, of which every parameter has a gradient.
Tensor language_loss(Llava& model, const LlavaBatch& batch);

}  // namespace omma
