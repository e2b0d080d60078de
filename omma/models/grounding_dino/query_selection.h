// Language-guided query selection (section 3.2 of the paper): the encoder's positions that agree best with any word of the prompt
// give the decoder's queries their first boxes.
//
// B batch, S positions, C channels, Q queries, T text tokens.
#pragma once

#include <optional>

#include "omma/models/grounding_dino/config.h"
#include "omma/models/grounding_dino/heads.h"
#include "omma/models/grounding_dino/neck.h"
#include "omma/models/grounding_dino/probe.h"
#include "omma/nn/linear.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

// Q is num_queries, or the number of positions where a picture has fewer.
struct SelectedQueries {
  Tensor content;         // [B, Q, C] learned
  Tensor boxes;           // [B, Q, 4] in 0..1, float32, without gradient
  Tensor logits;          // [B, Q, T] of the selected proposals, with gradient; undefined without two stages
  Tensor proposal_boxes;  // [B, Q, 4] as `boxes`, with gradient; undefined without two stages
};

// Every position's proposal: its centre, and a side of .05 of the picture at the finest level, doubling with each level.
struct Proposals {
  Tensor logits;  // [B, S, 4] float32, before the sigmoid; +inf where not valid
  Tensor valid;   // [B, S] bool: within the picture and not at its rim
};
Proposals make_proposals(const VisionFeatures& vision);

// What the encoder says at every position, with gradient; float32 boxes.
struct AllProposals {
  Tensor logits;   // [B, S, T]
  Tensor boxes;    // [B, S, 4] CXCYWH in 0..1
  Tensor centres;  // [B, S, 2] of the positions, (x, y) in 0..1
  Tensor valid;    // [B, S] bool
};

// Its weights live in `model` as enc_output.*, enc_output_norm.*, encoder_output_bbox_embed.* and query_position_embeddings.*; with
// two_stage = false as query_position_embeddings.* and reference_points.*.
class QuerySelection {
 public:
  QuerySelection(torch::nn::Module& model, const Config& config);

  // `vision` is the encoder's output with the levels and mask of the neck.
  SelectedQueries operator()(const VisionFeatures& vision, const Tensor& text, const Tensor& token_mask, const Probe& probe);

  // For training: expects two stages.
  AllProposals propose(const VisionFeatures& vision, const Tensor& text, const Tensor& token_mask);

  void init_weights();

 private:
  Tensor select(const VisionFeatures& vision, const Proposals& proposals, const Tensor& text, const Tensor& token_mask,
                const Probe& probe);

  int64_t queries_;
  torch::nn::Embedding content_ = nullptr;           // query_position_embeddings
  torch::nn::Embedding reference_points_ = nullptr;  // without two stages
  Linear output_ = nullptr;                          // the others with two stages
  torch::nn::LayerNorm norm_ = nullptr;
  Mlp box_head_ = nullptr;
  std::optional<ContrastiveHead> class_head_;
};

}  // namespace omma::grounding_dino
