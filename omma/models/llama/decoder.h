// A LLaMA with its prompt and cache, as generation drives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "omma/nn/generation.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"

namespace omma {

// The time is over: thrown between two forward passes.
struct DeadlinePassed {};

class LlamaDecoder : public AutoregressiveDecoder {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // Room for the prompt and `max_tokens` more. The prompt is not empty. With a deadline it is read in pieces, between which the
  // clock is looked at.
  LlamaDecoder(LlamaForCausalLM model, std::vector<int64_t> prompt, int64_t max_tokens, Deadline deadline = {})
      : model_(std::move(model)),
        prompt_(std::move(prompt)),
        deadline_(deadline),
        cache_(model_->make_cache(1, static_cast<int64_t>(prompt_.size()) + max_tokens)) {}

  torch::Tensor start() override {  // [1, V]
    const torch::Tensor prompt = torch::tensor(prompt_, torch::kLong).unsqueeze(0);
    const int64_t piece = deadline_ ? tokens_between_looks : prompt.size(1);
    torch::Tensor logits;
    for (const torch::Tensor& tokens : prompt.split(piece, 1)) logits = last_logits(tokens);
    return logits;
  }
  torch::Tensor step(const torch::Tensor& tokens) override { return last_logits(tokens.unsqueeze(1)); }  // [R, V]
  void reorder(const torch::Tensor& rows) override { cache_.reorder(rows); }

 private:
  static constexpr int64_t tokens_between_looks = 256;

  // The head reads the last position only: over a long prompt and many words it would be the costliest part.
  torch::Tensor last_logits(const torch::Tensor& tokens) {
    if (deadline_ && std::chrono::steady_clock::now() >= *deadline_) throw DeadlinePassed();
    const torch::Tensor embeddings = model_->model->embed_tokens(tokens.to(model_->model->embed_tokens->weight.device()));
    const torch::Tensor hidden = model_->model(LlamaInput{.embeddings = embeddings, .padding = {}, .cache = &cache_});
    return model_->logits(hidden.select(1, -1));
  }

  LlamaForCausalLM model_;
  std::vector<int64_t> prompt_;
  Deadline deadline_;
  KeyValueCache cache_;
};

}  // namespace omma
