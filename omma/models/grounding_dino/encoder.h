// The feature enhancer (section 3.1 of the paper): in every layer vision and text look at each other, then each at itself.
//
// B batch, S positions, T text tokens, C channels, L levels.
#pragma once

#include <vector>

#include "omma/models/grounding_dino/attention.h"
#include "omma/models/grounding_dino/config.h"
#include "omma/models/grounding_dino/neck.h"
#include "omma/models/grounding_dino/probe.h"
#include "omma/models/grounding_dino/text.h"
#include "omma/nn/layers.h"
#include "omma/nn/torch.h"
#include "omma/nn/vision_text_fusion.h"

namespace omma::grounding_dino {

// Text self-attention within the prompt's blocks.
class TextEnhancerLayerImpl : public torch::nn::Module {
 public:
  explicit TextEnhancerLayerImpl(const Config& config);
  Tensor forward(const Tensor& text, const Tensor& position, const Tensor& mask);  // [B, T, C], [B, T, C], [B, 1, T, T] bool

 private:
  double dropout_;
  Activation activation_;
  MultiheadAttention self_attn_;
  Linear fc1_, fc2_;
  torch::nn::LayerNorm norm_before_, norm_after_;
};
TORCH_MODULE(TextEnhancerLayer);

// Deformable self-attention of the picture's positions.
class DeformableLayerImpl : public torch::nn::Module {
 public:
  explicit DeformableLayerImpl(const Config& config);
  Tensor forward(const VisionFeatures& vision, const Tensor& references);  // references [B, S, L, 2] -> [B, S, C]

 private:
  double dropout_, activation_dropout_;
  Activation activation_;
  DeformableAttention self_attn_;
  torch::nn::LayerNorm self_attn_norm_;
  Linear fc1_, fc2_;
  torch::nn::LayerNorm final_norm_;
};
TORCH_MODULE(DeformableLayer);

struct EnhancedFeatures {
  VisionFeatures vision;  // the neck's, with new features
  Tensor text;            // [B, T, C]
};

class FeatureEnhancerImpl : public torch::nn::Module {
 public:
  explicit FeatureEnhancerImpl(const Config& config);
  EnhancedFeatures forward(const VisionFeatures& vision, const TextFeatures& text, const Probe& probe);

 private:
  struct Layer {
    FusionLayer fusion = nullptr;  // absent in the ablation without fusion
    TextEnhancerLayer text = nullptr;
    DeformableLayer vision = nullptr;
  };
  int64_t channels_;
  std::vector<Layer> layers_;
};
TORCH_MODULE(FeatureEnhancer);

// The centre of every position in 0..1 of the padded map of every level: [B, S, L, 2] float32.
Tensor reference_points(const VisionFeatures& vision);

}  // namespace omma::grounding_dino
