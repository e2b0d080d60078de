// BLIP's text decoder with its prompts, sources and past, as generation drives it.
#pragma once

#include <cstdint>

#include "omma/models/blip/text.h"
#include "omma/nn/generation.h"
#include "omma/nn/kv_cache.h"

namespace omma {

// One prompt for each of P sources; their rows stay together in the order of the sources, as many for each. Cross-attention keys
// and values exist once a source, however many hypotheses look at it.
class BlipGenerationDecoder : public AutoregressiveDecoder {
 public:
  // `prompt` [P, T] int64; room for `max_tokens` more.
  BlipGenerationDecoder(BlipTextDecoder decoder, BlipSource source, const Tensor& prompt, int64_t max_tokens)
      : decoder_(std::move(decoder)),
        source_(std::move(source)),
        prompt_(prompt),
        cache_(decoder_->bert->make_cache(prompt.size(0), prompt.size(1) + max_tokens)) {}

  Tensor start() override { return last_logits(prompt_); }                                 // [P, V]
  Tensor step(const Tensor& tokens) override { return last_logits(tokens.unsqueeze(1)); }  // [R, V]
  void reorder(const Tensor& rows) override { cache_.reorder(rows); }

 private:
  Tensor last_logits(const Tensor& input_ids) {
    const BlipTextInput input{.input_ids = input_ids, .mask = {}, .source = &source_, .causal = true, .cache = &cache_};
    return decoder_->logits(decoder_->bert(input).select(1, -1));
  }

  BlipTextDecoder decoder_;
  BlipSource source_;
  Tensor prompt_;
  KeyValueCache cache_;
};

}  // namespace omma
