#include "omma/recipes/grounding_dino/objective.h"

#include <algorithm>

#include "omma/losses/box_loss.h"
#include "omma/losses/focal.h"

namespace omma::grounding_dino {
namespace {

constexpr double kNoLogit = -1e4;  // of padding tokens, instead of -inf: probability and loss are exactly 0, and so is the gradient

// Rows of stacked queries and the target box that each stands for.
struct Pairs {
  std::vector<int64_t> rows, boxes;
};

struct Terms {
  Tensor classes, l1, giou;  // sums
};

// logits [K, B, Q, T] and boxes [K, B, Q, 4] of K layers; weight broadcastable to [K, B, Q, 1] or undefined.
Terms sum_terms(const Tensor& logits, const Tensor& boxes, const Pairs& pairs, const Targets& targets, double alpha,
                const Tensor& weight) {
  const auto device = logits.device();
  const Tensor rows = torch::tensor(pairs.rows, torch::kInt64), owners = torch::tensor(pairs.boxes, torch::kInt64);
  Tensor wanted = torch::zeros({logits.numel() / logits.size(-1), logits.size(-1)});
  wanted.index_copy_(0, rows, targets.tokens.index_select(0, owners));
  const Tensor scores = logits.to(torch::kFloat32).clamp_min(kNoLogit);
  Tensor focal = sigmoid_focal_loss(scores, wanted.view(logits.sizes()).to(device), {.alpha = alpha});
  if (weight.defined()) focal = focal * weight;
  const Tensor matched = boxes.reshape({-1, 4}).index_select(0, rows.to(device));
  const Tensor truth = targets.boxes.index_select(0, owners).to(device);
  const Tensor overlap = generalized_iou(corners_of_centred(matched), corners_of_centred(truth));
  return {focal.sum(), (matched - truth).abs().sum(), (1 - overlap).sum()};
}

Pairs match_layers(const std::vector<Tensor>& logits, const std::vector<Tensor>& boxes, const Targets& targets,
                   const MatchingCosts& costs) {
  Pairs pairs;
  for (std::size_t layer = 0; layer < logits.size(); ++layer) {
    const std::vector<int64_t> queries = match_queries(logits[layer], boxes[layer], targets, costs);
    const int64_t first_row = static_cast<int64_t>(layer) * logits[layer].size(0) * logits[layer].size(1);
    std::size_t target = 0;
    for (int64_t sample = 0; sample < targets.samples(); ++sample) {
      for (int64_t i = 0; i < targets.counts[static_cast<std::size_t>(sample)]; ++i, ++target) {
        if (queries[target] < 0) continue;
        pairs.rows.push_back(first_row + sample * logits[layer].size(1) + queries[target]);
        pairs.boxes.push_back(static_cast<int64_t>(target));
      }
    }
  }
  return pairs;
}

// The positives of every layer.
Pairs denoising_pairs(const DenoisingBatch& batch, int64_t layers) {
  Pairs pairs;
  for (int64_t layer = 0; layer < layers; ++layer) {
    for (const int64_t place : batch.positives) pairs.rows.push_back(layer * batch.used.numel() + place);
    pairs.boxes.insert(pairs.boxes.end(), batch.boxes.begin(), batch.boxes.end());
  }
  return pairs;
}

// Sums over all valid positions of the encoder, divided by the number of those that stand for a box.
Terms proposal_terms(const AllProposals& proposals, const Targets& targets, const MatchingCosts& costs, int64_t share) {
  Pairs pairs;
  for (const Claim& claim :
       claim_positions(proposals.logits, proposals.boxes, proposals.centres, proposals.valid, targets, costs, share)) {
    pairs.rows.push_back(claim.sample * proposals.logits.size(1) + claim.position);
    pairs.boxes.push_back(claim.box);
  }
  const double claimed = std::max(1.0, static_cast<double>(pairs.rows.size()));
  const Terms sums = sum_terms(proposals.logits.unsqueeze(0), proposals.boxes.unsqueeze(0), pairs, targets, costs.focal_alpha,
                               proposals.valid.unsqueeze(-1).unsqueeze(0));
  return {sums.classes / claimed, sums.l1 / claimed, sums.giou / claimed};
}

}  // namespace

ObjectiveLoss grounding_loss(const Output& output, const Targets& targets, const ObjectiveConfig& config,
                             const DenoisingBatch* denoising) {
  std::vector<Tensor> logits = output.layer_logits, boxes = output.layer_boxes;
  if (output.encoder_logits.defined()) {
    logits.push_back(output.encoder_logits);
    boxes.push_back(output.encoder_boxes);
  }
  MatchingCosts costs = config.costs;
  costs.focal_alpha = config.focal_alpha;
  const double boxes_in_batch = static_cast<double>(std::max<int64_t>(1, targets.size()));
  const auto weighted = [&](const Terms& terms) {
    return config.class_weight * terms.classes + config.l1_weight * terms.l1 + config.giou_weight * terms.giou;
  };
  const Terms terms = sum_terms(torch::stack(logits), torch::stack(boxes), match_layers(logits, boxes, targets, costs), targets,
                                config.focal_alpha, {});
  ObjectiveLoss loss{.total = weighted(terms) / boxes_in_batch,
                     .classes = terms.classes.detach() / boxes_in_batch,
                     .l1 = terms.l1.detach() / boxes_in_batch,
                     .giou = terms.giou.detach() / boxes_in_batch,
                     .denoising = {},
                     .proposals = {}};
  if (config.proposal_weight > 0) {
    const Tensor added =
        config.proposal_weight * weighted(proposal_terms(output.proposals.value(), targets, costs, config.proposal_share));
    loss.total = loss.total + added;
    loss.proposals = added.detach();
  }
  if (denoising == nullptr || denoising->groups == 0) return loss;
  const Tensor denoised = torch::stack(output.denoising_logits);
  const Terms extra = sum_terms(denoised, torch::stack(output.denoising_boxes), denoising_pairs(*denoising, denoised.size(0)),
                                targets, config.focal_alpha, denoising->used.unsqueeze(-1));
  const Tensor added = weighted(extra) * (config.denoising_weight / (boxes_in_batch * static_cast<double>(denoising->groups)));
  loss.total = loss.total + added;
  loss.denoising = added.detach();
  return loss;
}

}  // namespace omma::grounding_dino
