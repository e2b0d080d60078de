// The cross-modality decoder (section 3.3 of the paper): queries look at one another, at the text, at the picture; each layer
// refines their boxes.
//
// B batch, Q queries (denoising queries first), C channels, T text tokens, S positions, L levels.
#pragma once

#include <vector>

#include "omma/models/grounding_dino/attention.h"
#include "omma/models/grounding_dino/config.h"
#include "omma/models/grounding_dino/heads.h"
#include "omma/models/grounding_dino/neck.h"
#include "omma/models/grounding_dino/probe.h"
#include "omma/nn/layers.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

// Extra queries of training that start at disturbed ground truth (DINO).
struct DenoisingQueries {
  Tensor content;          // [B, D, C]
  Tensor boxes_unsigmoid;  // [B, D, 4], CXCYWH before the sigmoid
  Tensor attention_mask;   // [D + Q, D + Q] bool, true = may NOT attend; denoising queries come first
};

struct DecoderInput {
  Tensor queries;         // [B, Q, C]
  Tensor boxes;           // [B, Q, 4] in 0..1, float32
  Tensor attention_mask;  // [Q, Q] bool, true = may attend; undefined: all
  Tensor text;            // [B, T, C]
  Tensor token_mask;      // [B, T] bool
};

struct DecoderOutput {
  std::vector<Tensor> queries;     // [B, Q, C] after each layer, normalised
  std::vector<Tensor> references;  // [B, Q, 4]: the boxes each layer started from, float32, without gradient
};

// What a layer starts from.
struct LayerQueries {
  Tensor content;     // [B, Q, C]
  Tensor position;    // [B, Q, C]: of the boxes
  Tensor references;  // [B, Q, L, 4]: the boxes in 0..1 of each padded map, float32
};

class DecoderLayerImpl : public torch::nn::Module {
 public:
  explicit DecoderLayerImpl(const Config& config);
  Tensor forward(const DecoderInput& input, const LayerQueries& queries, const VisionFeatures& vision);  // [B, Q, C]

 private:
  double dropout_, activation_dropout_;
  Activation activation_;
  MultiheadAttention self_attn_ = nullptr, text_attn_ = nullptr;
  DeformableAttention image_attn_ = nullptr;
  Linear fc1_ = nullptr, fc2_ = nullptr;
  torch::nn::LayerNorm self_attn_norm_ = nullptr, text_attn_norm_ = nullptr, image_attn_norm_ = nullptr, final_norm_ = nullptr;
};
TORCH_MODULE(DecoderLayer);

class DecoderImpl : public torch::nn::Module {
 public:
  explicit DecoderImpl(const Config& config);

  DecoderOutput forward(const DecoderInput& input, const VisionFeatures& vision, DetectionHeads& heads, const Probe& probe);

 private:
  int64_t channels_;
  std::vector<DecoderLayer> layers_;
  torch::nn::LayerNorm norm_;
  Mlp position_head_;
};
TORCH_MODULE(Decoder);

}  // namespace omma::grounding_dino
