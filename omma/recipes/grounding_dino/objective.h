// Grounding DINO's training loss (section 3.5 of the paper): focal loss over tokens, L1 and generalized IoU of the matched boxes,
// on every decoder layer and on the selected proposals, each matched for itself, and the same for denoising queries, whose boxes
// are known. All terms are divided by the number of boxes in the batch.
//
// Matched one to one, a box teaches one of the encoder's positions a step, and only among those selected. With `proposal_weight`
// several positions in each box (claim_positions) learn it as theirs and all others that they show nothing, as in detectors without
// a decoder: small models on few photographs learn several times faster. These terms are divided by the number of such positions.
#pragma once

#include "omma/base/config.h"
#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/nn/torch.h"
#include "omma/recipes/grounding_dino/denoising.h"
#include "omma/recipes/grounding_dino/matching.h"
#include "omma/recipes/grounding_dino/targets.h"

namespace omma::grounding_dino {

struct ObjectiveConfig {
  double class_weight = 2;  // transformers' and Open-Model's; 1 in the paper
  double l1_weight = 5;
  double giou_weight = 2;
  double focal_alpha = 0.25;
  MatchingCosts costs;
  double denoising_weight = 1;
  double proposal_weight = 0;  // not the paper's: every position of the encoder learns what it sees, too
  int64_t proposal_share = 4;  // positions that stand for a box

  template <class Fields>
  void fields(Fields& field) {
    field("class_weight", class_weight, Range{0, 1e6});
    field("l1_weight", l1_weight, Range{0, 1e6});
    field("giou_weight", giou_weight, Range{0, 1e6});
    field("focal_alpha", focal_alpha, Range{0, 1});
    field("class_cost", costs.classes, Range{0, 1e6});
    field("l1_cost", costs.l1, Range{0, 1e6});
    field("giou_cost", costs.giou, Range{0, 1e6});
    field("denoising_weight", denoising_weight, Range{0, 1e6});
    field("proposal_weight", proposal_weight, Range{0, 1e6});
    field("proposal_share", proposal_share, Range{1, 100});
  }
};

struct ObjectiveLoss {
  Tensor total;              // scalar, weighted
  Tensor classes, l1, giou;  // scalars, not weighted, summed over the layers and the proposals
  Tensor denoising;          // scalar, weighted; undefined without denoising queries
  Tensor proposals;          // scalar, weighted; undefined without a weight
};

// `denoising` is what the forward pass was given, nullptr without; the output has all proposals where these have a weight. Targets
// are on the CPU, outputs on any device.
ObjectiveLoss grounding_loss(const Output& output, const Targets& targets, const ObjectiveConfig& config,
                             const DenoisingBatch* denoising = nullptr);

}  // namespace omma::grounding_dino
