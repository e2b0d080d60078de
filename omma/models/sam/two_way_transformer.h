// The decoder's transformer: a few tokens and the picture's embedding attend to each other. Weights under the names of
// transformers' SamTwoWayTransformer.
//
// P prompts, T tokens (few), S positions of the picture (many), C channels, N heads, D channels a head.
#pragma once

#include <vector>

#include "omma/models/sam/config.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

// Attention whose inner width is a part of C. The picture's rows are many and the tokens few, so projections of the rows are moved
// over to the tokens where that is less work: q . (W x) = (W' q) . x, and sum p (W x) = W (sum p x).
//
// The picture's side is [P, S, C], or [1, S, C] where it is the same for all prompts: then its projection is done once.
class DecoderAttentionImpl : public torch::nn::Module {
 public:
  DecoderAttentionImpl(const MaskDecoderConfig& config, int64_t downsample_rate);

  struct Input {
    Tensor query, key, value;
  };
  Tensor among_tokens(const Input& input);     // all [P, T, C] -> [P, T, C]
  Tensor tokens_to_image(const Input& input);  // query [P, T, C], key and value of the picture -> [P, T, C]
  Tensor image_to_tokens(const Input& input);  // query of the picture, key and value [P, T, C] -> [P, S, C]

 private:
  bool moves_pay(const Tensor& image, const Tensor& tokens) const;
  Tensor heads_of(const Linear& projection) const;  // its weight as [N, D, C]

  int64_t heads_;
  Linear q_proj_, k_proj_, v_proj_, out_proj_;
};
TORCH_MODULE(DecoderAttention);

struct TwoWayState {
  Tensor tokens;  // [P, T, C]
  Tensor image;   // [P, S, C], or [1, S, C]: the same for all prompts
};

class TwoWayLayerImpl : public torch::nn::Module {
 public:
  TwoWayLayerImpl(const MaskDecoderConfig& config, bool first);

  // `positions`: of the tokens [P, T, C] and of the picture [1, S, C], added to every query and key.
  TwoWayState forward(const TwoWayState& state, const TwoWayState& positions);

 private:
  bool first_;  // its self-attention has no positions, and its result replaces the tokens
  Activation activation_;
  DecoderAttention self_attn_, tokens_to_image_, image_to_tokens_;
  torch::nn::LayerNorm norm1_, norm2_, norm3_, norm4_;
  Linear lin1_, lin2_;
};
TORCH_MODULE(TwoWayLayer);

class TwoWayTransformerImpl : public torch::nn::Module {
 public:
  explicit TwoWayTransformerImpl(const MaskDecoderConfig& config);

  // tokens [P, T, C], which are their own positions; image [P or 1, S, C]; positions [1, S, C].
  TwoWayState forward(const TwoWayState& input, const Tensor& positions);

 private:
  std::vector<TwoWayLayer> layers_;
  DecoderAttention final_attention_;
  torch::nn::LayerNorm final_norm_;
};
TORCH_MODULE(TwoWayTransformer);

}  // namespace omma::sam
