// A LLaMA with its prompt and cache, as generation drives it.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/nn/generation.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"

namespace omma {

class LlamaDecoder : public AutoregressiveDecoder {
 public:
  // Room for the prompt and `max_tokens` more. The prompt is not empty.
  LlamaDecoder(LlamaForCausalLM model, std::vector<int64_t> prompt, int64_t max_tokens)
      : model_(std::move(model)),
        prompt_(std::move(prompt)),
        cache_(model_->make_cache(1, static_cast<int64_t>(prompt_.size()) + max_tokens)) {}

  torch::Tensor start() override { return last_logits(torch::tensor(prompt_, torch::kLong).unsqueeze(0)); }  // [1, V]
  torch::Tensor step(const torch::Tensor& tokens) override { return last_logits(tokens.unsqueeze(1)); }      // [R, V]
  void reorder(const torch::Tensor& rows) override { cache_.reorder(rows); }

 private:
  // The head reads the last position only: over a long prompt and many words it would be the costliest part.
  torch::Tensor last_logits(const torch::Tensor& tokens) {
    const torch::Tensor embeddings = model_->model->embed_tokens(tokens.to(model_->model->embed_tokens->weight.device()));
    const torch::Tensor hidden = model_->model(LlamaInput{.embeddings = embeddings, .padding = {}, .cache = &cache_});
    return model_->logits(hidden.select(1, -1));
  }

  LlamaForCausalLM model_;
  std::vector<int64_t> prompt_;
  KeyValueCache cache_;
};

}  // namespace omma
