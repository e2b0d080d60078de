// A LLaMA with its prompts and their past, as generation drives it.
#pragma once

#include <cstdint>
#include <utility>

#include "omma/nn/generation.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"

namespace omma {

class LlamaDecoder : public AutoregressiveDecoder {
 public:
  // P prompts of one length T, at least 1, as embeddings [P, T, C]: of words (LlamaForCausalLM::embed), and of whatever else stands
  // among them. Room for `max_tokens` more. With a deadline they are read in pieces, between which the clock is looked at.
  LlamaDecoder(LlamaForCausalLM model, torch::Tensor prompts, int64_t max_tokens, const Deadline& deadline = {})
      : model_(std::move(model)),
        prompts_(std::move(prompts)),
        deadline_(deadline),
        cache_(model_->make_cache(prompts_.size(0), prompts_.size(1) + max_tokens)) {}

  torch::Tensor start() override {  // [P, V]
    torch::Tensor logits;
    for (const torch::Tensor& piece : prompts_.split(deadline_ ? tokens_between_looks : prompts_.size(1), 1)) {
      throw_if_passed(deadline_);
      logits = last_logits(piece);
    }
    return logits;
  }
  torch::Tensor step(const torch::Tensor& tokens) override {  // [R, V]
    return last_logits(model_->model->embed_tokens(tokens.unsqueeze(1)));
  }
  void reorder(const torch::Tensor& rows) override { cache_.reorder(rows); }

 private:
  static constexpr int64_t tokens_between_looks = 256;

  // The head reads the last position only: over a long prompt and many words it would be the costliest part.
  torch::Tensor last_logits(const torch::Tensor& embeddings) {
    const torch::Tensor hidden = model_->model(LlamaInput{.embeddings = embeddings, .padding = {}, .cache = &cache_});
    return model_->logits(hidden.select(1, -1));
  }

  LlamaForCausalLM model_;
  torch::Tensor prompts_;
  Deadline deadline_;
  KeyValueCache cache_;
};

}  // namespace omma
