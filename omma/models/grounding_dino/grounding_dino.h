// Grounding DINO: detection by language (Liu et al. 2023, "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set
// Object Detection", arXiv:2303.05499), and MM-Grounding-DINO (Zhao et al. 2024, arXiv:2401.02361). Reference: transformers
// 5.23, GroundingDinoForObjectDetection; weights under its checkpoint's names.
//
// B batch, T text tokens, C = d_model channels, S positions of all feature levels, Q queries, D denoising queries.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "omma/models/grounding_dino/config.h"
#include "omma/models/grounding_dino/decoder.h"
#include "omma/models/grounding_dino/encoder.h"
#include "omma/models/grounding_dino/heads.h"
#include "omma/models/grounding_dino/neck.h"
#include "omma/models/grounding_dino/probe.h"
#include "omma/models/grounding_dino/query_selection.h"
#include "omma/models/grounding_dino/text.h"
#include "omma/nn/bert.h"
#include "omma/nn/linear.h"
#include "omma/nn/swin.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

// Boxes are (centre x, centre y, width, height) in 0..1 of the picture without its padding. Logits are before the sigmoid, one per
// text token, -inf where the token is padding; see pad_logits for the reference's width.
struct Output {
  Tensor logits;                                          // [B, Q, T] of the last decoder layer
  Tensor boxes;                                           // [B, Q, 4] of the last decoder layer
  std::vector<Tensor> layer_logits, layer_boxes;          // of every decoder layer, the last included
  std::vector<Tensor> denoising_logits, denoising_boxes;  // [B, D, T] and [B, D, 4] of every decoder layer; empty without denoising
  Tensor encoder_logits, encoder_boxes;                   // of the selected proposals, by rank; undefined with two_stage = false
  std::optional<AllProposals> proposals;                  // where they were asked for
};

class ModelImpl : public torch::nn::Module {
 public:
  explicit ModelImpl(const Config& config);

  const Config& config() const { return config_; }

  // input_ids [B, T] int64 with T <= max_text_len, attention_mask [B, T] bool, true = a token. Depends on the prompt alone: worth
  // keeping. Throws std::invalid_argument for ids outside the vocabulary and wrong shapes.
  TextFeatures encode_text(const Tensor& input_ids, const Tensor& attention_mask);

  // pixel_values [B, 3, H, W] normalised; pixel_mask [B, H, W] bool, true = picture, false = padding at the right and bottom;
  // undefined where all is picture. Depends on the pictures alone: worth keeping for several prompts. Throws std::invalid_argument
  // for wrong shapes.
  VisionFeatures encode_image(const Tensor& pixel_values, const Tensor& pixel_mask, const Probe& probe = {});

  // A picture with fewer positions than num_queries gets as many queries as it has positions.
  Output forward(const VisionFeatures& vision, const TextFeatures& text, const DenoisingQueries* denoising = nullptr,
                 const Probe& probe = {}, bool all_proposals = false);
  Output forward(const Tensor& pixel_values, const Tensor& pixel_mask, const TextFeatures& text,
                 const DenoisingQueries* denoising = nullptr, const Probe& probe = {}, bool all_proposals = false);

  // Random weights as the reference draws them, for training from scratch.
  void init_weights();

 private:
  Config config_;
  std::shared_ptr<torch::nn::Module> model_;  // holds what the checkpoint calls model.*
  SwinBackbone backbone_;
  Neck neck_;
  BertEncoder text_backbone_;
  Linear text_projection_;
  FeatureEnhancer encoder_;
  QuerySelection query_selection_;
  Decoder decoder_;
  DetectionHeads heads_;
};
TORCH_MODULE(Model);

// The precision policy: weights and activations in `dtype`, box heads in float32 (reference points and sampling locations are
// float32 always).
void set_dtype(ModelImpl& model, torch::Dtype dtype);

// The reference's fixed width: [B, Q, T] -> [B, Q, width], -inf beyond T.
Tensor pad_logits(const Tensor& logits, int64_t width);

}  // namespace omma::grounding_dino
