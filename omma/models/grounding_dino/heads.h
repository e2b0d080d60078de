// From a query to words and a box.
#pragma once

#include <vector>

#include "omma/models/grounding_dino/config.h"
#include "omma/nn/layers.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

// Contrastive class logits: the dot product of a query with each text token. MM-Grounding-DINO scales it by 1 / sqrt(C) and adds a
// learned bias, which lives in `parent` as `name`.bias.
class ContrastiveHead {
 public:
  ContrastiveHead(torch::nn::Module& parent, std::string_view name, const Config& config);

  // queries [B, Q, C], text [B, T, C], token_mask [B, T] bool -> [B, Q, T], -inf where no token.
  Tensor operator()(const Tensor& queries, const Tensor& text, const Tensor& token_mask) const;

  void init_weights();

 private:
  bool scaled_;
  Tensor bias_;
};

// Box and class heads of the decoder's layers, in the checkpoint's root as bbox_embed.* and class_embed.*; one for all layers
// where the config shares them.
class DetectionHeads {
 public:
  DetectionHeads(torch::nn::Module& root, const Config& config);

  Mlp& box(std::size_t layer) { return boxes_[boxes_.size() == 1 ? 0 : layer]; }
  const ContrastiveHead& classes(std::size_t layer) const { return classes_[classes_.size() == 1 ? 0 : layer]; }

  // The box head's correction of reference boxes [B, Q, 4] in 0..1: sigmoid(logit(reference) + head(queries)), float32.
  Tensor refine(std::size_t layer, const Tensor& queries, const Tensor& reference);

  void init_weights();

 private:
  std::vector<Mlp> boxes_;
  std::vector<ContrastiveHead> classes_;
};

// Boxes start at their reference: the last layer of a box head is zero.
void init_box_head(Mlp& head);

}  // namespace omma::grounding_dino
