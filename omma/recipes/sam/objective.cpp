#include "omma/recipes/sam/objective.h"

#include "omma/losses/dice.h"
#include "omma/losses/focal.h"

namespace omma::sam {

MaskLosses mask_losses(const Tensor& logits, const Tensor& predicted, const Tensor& targets, const ObjectiveConfig& config) {
  const Tensor expected = targets.unsqueeze(1).expand_as(logits);
  const Tensor focal = sigmoid_focal_loss(logits, expected).mean({-2, -1});
  Tensor iou;
  {
    const torch::NoGradGuard no_grad;
    const Tensor set = logits > 0, wanted = expected > 0.5;
    const Tensor both = (set & wanted).sum({-2, -1}), either = (set | wanted).sum({-2, -1});
    iou = both.to(torch::kFloat32) / either.clamp_min(1);
  }
  return {.mask = config.focal_weight * focal + config.dice_weight * dice_loss(logits, expected),
          .iou_error = config.iou_weight * (predicted - iou).square(),
          .iou = iou};
}

Tensor best_of(const MaskLosses& losses) { return std::get<0>(losses.mask.min(1)).mean() + losses.iou_error.mean(); }

}  // namespace omma::sam
