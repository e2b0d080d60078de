// Bi-directional fusion of vision and text: the deep fusion of GLIP (Li et al. 2022, "Grounded Language-Image Pre-training",
// section 3.2), which Grounding DINO took over.
//
// B batch, S positions, T text tokens, C vision's channels, L text's channels, N heads, E inner channels, D = E / N.
#pragma once

#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct FusionOptions {
  int64_t vision_channels;
  int64_t text_channels;
  int64_t inner_channels;  // of all heads
  int64_t heads;
  double norm_eps = 1e-5;
  double initial_scale = 1e-4;  // of what is added
  double dropout = 0;
  double drop_path = 0;
};

struct FusedFeatures {
  Tensor vision;  // [B, S, C]
  Tensor text;    // [B, T, L]
};

// Both directions of one score matrix, softmax over the words for vision and over the positions for text.
//
// A prompt has few words and a picture many positions, so every product is grouped around the words: the key is projected back to
// vision's channels (X Wq) K^T = X (Wq K^T), the value forward to the output P (V Wo), and the text's sums of positions are taken
// before their projection (P^T X) Wv. The wide [S, E] projections of the picture never exist: 3 S C N T multiplications instead of
// 3 S C E + 2 S E T, the same numbers up to rounding.
class BiDirectionalAttentionImpl : public torch::nn::Module {
 public:
  explicit BiDirectionalAttentionImpl(const FusionOptions& options);

  // vision [B, S, C], text [B, T, L]; vision_mask [B, S] and token_mask [B, T] bool, true = real; either may be undefined.
  FusedFeatures forward(const Tensor& vision, const Tensor& text, const Tensor& vision_mask, const Tensor& token_mask);

  void init_weights();

 private:
  int64_t heads_, head_channels_;
  double dropout_;
  Linear vision_proj_ = nullptr, text_proj_ = nullptr;
  Linear values_vision_proj_ = nullptr, values_text_proj_ = nullptr;
  Linear out_vision_proj_ = nullptr, out_text_proj_ = nullptr;
};
TORCH_MODULE(BiDirectionalAttention);

// Pre-normalised, with a learned scale per channel and drop path. The update is added to the normalised features, not to the ones
// given, as in both systems' code.
//
// GLIP's code bounds the scores to +-50,000 for half precision, Grounding DINO's subtracts a maximum over the batch before: neither
// changes a softmax of numbers that fp32 holds, and both are left out.
class FusionLayerImpl : public torch::nn::Module {
 public:
  explicit FusionLayerImpl(const FusionOptions& options);
  FusedFeatures forward(const Tensor& vision, const Tensor& text, const Tensor& vision_mask, const Tensor& token_mask);

  void init_weights();

 private:
  double drop_path_, initial_scale_;
  torch::nn::LayerNorm layer_norm_vision_, layer_norm_text_;
  BiDirectionalAttention attn_;
  Tensor vision_param_, text_param_;  // [C], [L]
};
TORCH_MODULE(FusionLayer);

}  // namespace omma
