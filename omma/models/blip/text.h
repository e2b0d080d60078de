// BLIP's text network: BERT with a cross-attention between self-attention and feed-forward, as encoder or decoder ("mixture of
// encoder-decoder", section 3.1 of the paper). Weights under the names of transformers' BlipTextModel and BlipTextLMHeadModel.
//
// B rows, T tokens of this pass, P sources (pictures, or questions) of S tokens, C channels, V words.
#pragma once

#include <memory>
#include <vector>

#include "omma/models/blip/config.h"
#include "omma/nn/bert_layers.h"
#include "omma/nn/kv_cache.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

class BlipTextLayerImpl;

// What the cross-attention looks at, projected once for all texts and all tokens: of every layer. With P < B - apart rows, see
// BertAttention::forward.
struct BlipSource {
  std::vector<KeysValues> layers = {};
  Tensor mask = {};  // bool [P, S], true = a token; undefined: all are
};

struct BlipTextInput {
  Tensor input_ids;                    // [B, T] int64
  Tensor mask = {};                    // [B, T] bool, true = a token, false = padding at the end; undefined: no padding
  const BlipSource* source = nullptr;  // null: unimodal
  int64_t apart = 0;                   // the first rows, which do not look at the source
  bool first_only = false;             // gives the first tokens alone, [B, 1, C], for less work; not with `causal`
  bool causal = false;
  KeyValueCache* cache = nullptr;  // of a causal pass without padding: earlier tokens; advanced by T
};

class BlipTextModelImpl : public torch::nn::Module {
 public:
  // `source_channels` of what the cross-attention looks at. With `tied` everything but self-attention is shared with it.
  BlipTextModelImpl(const BlipTextConfig& config, int64_t source_channels, const BlipTextModelImpl* tied = nullptr);

  BlipSource project(const Tensor& source, const Tensor& mask = {}) const;  // [P, S, source_channels]
  Tensor forward(const BlipTextInput& input);                               // [B, T, C], or [B, 1, C]

  const Tensor& word_embeddings() const { return word_embeddings_->weight; }  // [V, C]
  KeyValueCache make_cache(int64_t rows, int64_t capacity) const;

 private:
  BlipTextConfig config_;
  torch::nn::Embedding word_embeddings_ = nullptr;
  torch::nn::Embedding position_embeddings_ = nullptr;
  torch::nn::LayerNorm norm_ = nullptr;
  std::vector<std::shared_ptr<BlipTextLayerImpl>> layers_;
};
TORCH_MODULE(BlipTextModel);

// The decoder with its head, whose output words are the embedding's.
class BlipTextDecoderImpl : public torch::nn::Module {
 public:
  BlipTextDecoderImpl(const BlipTextConfig& config, int64_t source_channels, const BlipTextModelImpl* tied = nullptr);

  Tensor logits(const Tensor& hidden);  // [..., C] -> [..., V]

  BlipTextModel bert;

 private:
  Activation activation_;
  Linear transform_;
  torch::nn::LayerNorm transform_norm_;
  Tensor bias_;  // [V]
};
TORCH_MODULE(BlipTextDecoder);

// Label-smoothed cross-entropy of each text's next token, [B, T - 1], 0 at padding; row i looks at source i. Token 0 becomes [DEC].
Tensor language_losses(BlipTextDecoder& decoder, const BlipSource& source, const Tensor& input_ids, const Tensor& mask,
                       const BlipTextConfig& config);

}  // namespace omma
