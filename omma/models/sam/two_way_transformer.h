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

// The picture's side of a layer: [P, ...], or [1, ...] where it is the same for all prompts.
struct ImageRows {
  Tensor rows;    // [P or 1, S, C]
  Tensor placed;  // with their positions
  // The attention's projections of them [P or 1, N, S, D]. Undefined: not done, but moved over to the tokens.
  Tensor keys = {}, values = {}, queries = {};
};

// Attention whose inner width is a part of C. The picture's rows are many and the tokens few, so unless projections of the rows are
// at hand, they are moved over to the tokens: q . (W x) = (W' q) . x, and sum p (W x) = W (sum p x).
class DecoderAttentionImpl : public torch::nn::Module {
 public:
  DecoderAttentionImpl(const MaskDecoderConfig& config, int64_t downsample_rate);

  struct Input {
    Tensor query, key, value;  // [P, T, C]
  };
  Tensor among_tokens(const Input& input);                                                 // -> [P, T, C]
  Tensor tokens_to_image(const Tensor& query, const ImageRows& image);                     // query [P, T, C] -> [P, T, C]
  Tensor image_to_tokens(const ImageRows& image, const Tensor& key, const Tensor& value);  // -> [P, S, C], added to the rows

  void project_keys(ImageRows& image);
  void project_queries(ImageRows& image);

  // Whether projections of `images` pictures' rows cost more than products of all rows with each head of each of `tokens` tokens.
  bool moves_pay(int64_t images, int64_t tokens) const { return tokens < images * head_channels_; }

 private:
  Tensor heads_of(const Linear& projection) const;                  // its weight as [N, D, C]
  Tensor project(const Linear& projection, const Tensor& x) const;  // [P, N, S, D], laid out so

  int64_t heads_, head_channels_;
  Linear q_proj_, k_proj_, v_proj_, out_proj_;
};
TORCH_MODULE(DecoderAttention);

struct TwoWayState {
  Tensor tokens;  // [P, T, C]
  Tensor image;   // [P, S, C]
};

class TwoWayLayerImpl : public torch::nn::Module {
 public:
  TwoWayLayerImpl(const MaskDecoderConfig& config, bool first);

  // `positions` of the tokens [P, T, C] are added to each of their queries and keys.
  TwoWayState forward(const Tensor& tokens, const Tensor& positions, const ImageRows& image);

  void project(ImageRows& image);
  bool moves_pay(int64_t images, int64_t tokens) const { return tokens_to_image_->moves_pay(images, tokens); }

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

  // The picture [P or 1, S, C] as the first layer sees it, without projections and with.
  static ImageRows rows_of(const Tensor& image, const Tensor& positions) { return {.rows = image, .placed = image + positions}; }
  ImageRows projected(const Tensor& image, const Tensor& positions);

  // tokens [P, T, C], which are their own positions; positions [1, S, C] of the picture.
  TwoWayState forward(const Tensor& tokens, const ImageRows& image, const Tensor& positions);

 private:
  std::vector<TwoWayLayer> layers_;
  DecoderAttention final_attention_;
  torch::nn::LayerNorm final_norm_;
};
TORCH_MODULE(TwoWayTransformer);

}  // namespace omma::sam
