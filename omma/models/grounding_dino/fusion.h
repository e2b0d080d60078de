// Bi-directional fusion of vision and text (GLIP's deep fusion; section 3.1 of the Grounding DINO paper).
//
// B batch, S positions, T text tokens, C channels, N heads, E inner channels, D = E / N.
#pragma once

#include "omma/models/grounding_dino/config.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

struct FusedFeatures {
  Tensor vision;  // [B, S, C]
  Tensor text;    // [B, T, C]
};

// Both directions of one score matrix, softmax over the words for vision and over the positions for text.
//
// A prompt has few words and a picture many positions, so every product is grouped around the words: the key is projected back to
// vision's channels (X Wq) K^T = X (Wq K^T), the value forward to the output P (V Wo), and the text's sums of positions are taken
// before their projection (P^T X) Wv. The wide [S, E] projections of the picture never exist: 3 S C N T multiplications instead of
// 3 S C E + 2 S E T, the same numbers up to rounding.
class BiDirectionalAttentionImpl : public torch::nn::Module {
 public:
  explicit BiDirectionalAttentionImpl(const Config& config);

  // vision_mask [B, S] and token_mask [B, T] bool, true = real; vision_mask may be undefined.
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

// Pre-normalised, with a learned scale per channel that starts at 1e-4 and drop path. The reference adds the update to the
// normalised features, not to the ones given.
class FusionLayerImpl : public torch::nn::Module {
 public:
  explicit FusionLayerImpl(const Config& config);
  FusedFeatures forward(const Tensor& vision, const Tensor& text, const Tensor& vision_mask, const Tensor& token_mask);

  void init_weights();

 private:
  double drop_path_;
  torch::nn::LayerNorm layer_norm_vision_, layer_norm_text_;
  BiDirectionalAttention attn_;
  Tensor vision_param_, text_param_;  // [C]
};
TORCH_MODULE(FusionLayer);

}  // namespace omma::grounding_dino
