// Which query answers for which box (section 3.5 of the paper): the one-to-one assignment of least cost.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/recipes/grounding_dino/targets.h"

namespace omma::grounding_dino {

struct MatchingCosts {
  double classes = 2;  // focal cost, averaged over the tokens of the box's phrases
  double l1 = 5;
  double giou = 2;
  double focal_alpha = 0.25;
};

// Of each box the query of its sample, [M]; -1 where a sample has more boxes than queries. logits [B, Q, T] (-inf allowed), boxes
// [B, Q, 4] CXCYWH; any device, no gradient. Runs on the CPU in plain loops: a few microseconds a sample at nano sizes.
std::vector<int64_t> match_queries(const Tensor& logits, const Tensor& boxes, const Targets& targets, const MatchingCosts& costs);

// One box and one of the positions that stand for it.
struct Claim {
  int64_t sample, position, box;  // box of all samples' M
};

// Of each box the `share` positions of least cost among the valid ones whose centres it holds, or else the nearest; a position that
// several boxes want goes to the one it costs least, so that a box may be left with none. centres [B, S, 2] (x, y) in 0..1, valid
// [B, S]; else as match_queries().
std::vector<Claim> claim_positions(const Tensor& logits, const Tensor& boxes, const Tensor& centres, const Tensor& valid,
                                   const Targets& targets, const MatchingCosts& costs, int64_t share);

}  // namespace omma::grounding_dino
