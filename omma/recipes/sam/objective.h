// What SAM's training minimises (Kirillov et al. 2023, appendix A): focal and dice loss of the masks, and the error of the
// predicted IoU.
//
// P prompts, M masks each, H x W values of the masks' own frame.
#pragma once

#include "omma/base/config.h"
#include "omma/models/sam/mask_decoder.h"
#include "omma/nn/tensor.h"

namespace omma::sam {

struct ObjectiveConfig {
  double focal_weight = 20;
  double dice_weight = 1;
  double iou_weight = 1;

  template <class Fields>
  void fields(Fields& field) {
    field("focal_weight", focal_weight, Range{0, 1e6});
    field("dice_weight", dice_weight, Range{0, 1e6});
    field("iou_weight", iou_weight, Range{0, 1e6});
  }
};

struct MaskLosses {
  Tensor mask;       // [P, M], weighted
  Tensor iou_error;  // [P, M], squared, weighted
  Tensor iou;        // [P, M]: of the mask with its target, no gradient
};

// logits [P, M, H, W], predicted [P, M], targets [P, H, W] float32: how much of each place is the object's, 0..1.
MaskLosses mask_losses(const Tensor& logits, const Tensor& predicted, const Tensor& targets, const ObjectiveConfig& config);

// The mean over prompts: of several masks only the one that fits best learns its shape, while all learn what they are worth.
Tensor best_of(const MaskLosses& losses);

}  // namespace omma::sam
