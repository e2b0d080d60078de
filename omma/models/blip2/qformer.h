// BLIP-2's Q-Former (Li et al. 2023, "BLIP-2: Bootstrapping Language-Image Pre-training with Frozen Image Encoders and Large
// Language Models", arXiv:2301.12597): BERT over learned queries and a text's tokens together. They share the self-attention;
// queries alone look at the picture, in every second layer, and have a feed-forward half of their own. Weights under the names of
// transformers' Blip2QFormerModel.
//
// B rows of Q queries and T text tokens, C channels; P pictures of S tokens and E channels, B = P G.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/bert_layers.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// Field names and defaults of transformers' Blip2QFormerConfig.
struct QFormerConfig {
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  std::string hidden_act = "gelu";
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  int64_t max_position_embeddings = 512;
  double initializer_range = 0.02;
  double layer_norm_eps = 1e-12;
  std::optional<int64_t> pad_token_id = 0;
  int64_t cross_attention_frequency = 2;  // layers 0, 2, 4, ... look at the picture
  int64_t encoder_hidden_size = 1408;     // E
  bool use_qformer_text_input = false;    // whether there is a feed-forward half for text

  template <class Fields>
  void fields(Fields& field) {
    field("vocab_size", vocab_size, Range{1, 4'000'000});
    field("hidden_size", hidden_size, Range{1, 16384});
    field("num_hidden_layers", num_hidden_layers, Range{0, 128});
    field("num_attention_heads", num_attention_heads, Range{1, 256});
    field("intermediate_size", intermediate_size, Range{1, 131072});
    field("hidden_act", hidden_act);
    field("hidden_dropout_prob", hidden_dropout_prob, Range{0, 0.99});
    field("attention_probs_dropout_prob", attention_probs_dropout_prob, Range{0, 0.99});
    field("max_position_embeddings", max_position_embeddings, Range{1, 131072});
    field("initializer_range", initializer_range, Range{0, 1});
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("pad_token_id", pad_token_id, Range{0, 4'000'000});
    field("cross_attention_frequency", cross_attention_frequency, Range{1, 128});
    field("encoder_hidden_size", encoder_hidden_size, Range{1, 16384});
    field("use_qformer_text_input", use_qformer_text_input);
  }
  void validate(Faults& faults) const;
};

class QFormerLayerImpl : public torch::nn::Module {
 public:
  QFormerLayerImpl(const QFormerConfig& config, bool sees_picture);

  bool sees_picture() const { return cross_attention_.has_value(); }
  KeysValues project(const Tensor& features) const { return cross_attention_->project(features); }  // [P, S, E]

  // [B, Q + T, C] -> the same; `mask` as attention() takes it. Of a layer that does not look `picture` is not read.
  Tensor forward(const Tensor& x, int64_t queries, const Tensor& mask, const KeysValues* picture);

 private:
  BertAttention attention_;
  std::optional<BertAttention> cross_attention_;
  std::optional<BertFeedForward> text_feed_forward_;
  BertFeedForward query_feed_forward_;
};
TORCH_MODULE(QFormerLayer);

// A picture's keys and values, for all rows about it: those of the layers that look, in their order.
struct QFormerPicture {
  std::vector<KeysValues> layers;
};

class QFormerImpl : public torch::nn::Module {
 public:
  explicit QFormerImpl(const QFormerConfig& config, const std::string& norm = "layernorm");  // `norm` is registered under that name

  QFormerPicture look_at(const Tensor& features);  // [P, S, E]

  struct Input {
    Tensor embeddings;                        // [B, Q + T, C]: queries, then text
    int64_t queries = 0;                      // Q
    Tensor mask = {};                         // of the self-attention, as attention() takes it; undefined: all see all
    const QFormerPicture* picture = nullptr;  // required where there are queries
  };
  Tensor forward(const Input& input);  // [B, Q + T, C]

 private:
  torch::nn::LayerNorm norm_ = nullptr;
  double dropout_;
  std::vector<QFormerLayer> layers_;
};
TORCH_MODULE(QFormer);

}  // namespace omma
