// BERT's layer, post-normalised, and its two halves, as BERT, BLIP's text network and the Q-Former stack them.
//
// B rows, T tokens, C channels; P sources of S tokens; N heads of D channels.
#pragma once

#include <cstdint>
#include <string>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct BertLayerOptions {
  int64_t channels = 768;
  int64_t source_channels = 768;  // of what the attention looks at
  int64_t heads = 12;
  int64_t intermediate = 3072;
  Activation activation = nullptr;
  double dropout = 0;
  double attention_dropout = 0;
  double norm_eps = 1e-12;
  std::string projections = "self";  // what an attention calls its queries', keys' and values' weights: NAME.self.query
};

// Registered in `layer` under NAME.self.query ... NAME.output.LayerNorm. A copy registered in a second layer shares the weights.
class BertAttention {
 public:
  BertAttention(torch::nn::Module& layer, const std::string& name, const BertLayerOptions& options);
  BertAttention(torch::nn::Module& layer, const std::string& name, const BertAttention& tied);

  KeysValues project(const Tensor& source) const;  // [P, S, source_channels]

  // norm(x + output(attention)) for x [B, T, C]; `mask` broadcasts to [B, N, T, S] as in attention(). With fewer sources than rows,
  // B = P G, the rows p G ... p G + G - 1 look at source p, without copies of its keys; the mask then broadcasts to [P, N, G T, S].
  Tensor forward(const Tensor& x, const KeysValues& source, const Tensor& mask, bool training) const;

 private:
  void register_in(torch::nn::Module& layer, const std::string& name) const;

  BertLayerOptions options_;
  mutable Linear query_, key_, value_, output_;  // LibTorch's forward is not const
  mutable torch::nn::LayerNorm norm_;
};

// norm(x + output(activation(intermediate(x)))), registered in `layer` as intermediate.dense, output.dense, output.LayerNorm; with
// a `suffix` "_query" as intermediate_query.dense, ...
class BertFeedForward {
 public:
  BertFeedForward(torch::nn::Module& layer, const BertLayerOptions& options, const std::string& suffix = "");
  BertFeedForward(torch::nn::Module& layer, const BertFeedForward& tied);

  Tensor forward(const Tensor& x, bool training) const;  // [B, T, C] -> [B, T, C]

 private:
  void register_in(torch::nn::Module& layer, const std::string& suffix = "") const;

  BertLayerOptions options_;
  Linear intermediate_, output_;
  mutable torch::nn::LayerNorm norm_;
};

// Self-attention, then the feed-forward half: an encoder's layer. Weights under attention.self.query ... output.LayerNorm.
class BertLayerImpl : public torch::nn::Module {
 public:
  explicit BertLayerImpl(const BertLayerOptions& options);

  // [B, T, C] -> [B, T, C]; `mask` broadcasts to [B, N, T, T] as in attention().
  Tensor forward(const Tensor& x, const Tensor& mask = {});

 private:
  BertAttention attention_;
  BertFeedForward feed_forward_;
};
TORCH_MODULE(BertLayer);

}  // namespace omma
