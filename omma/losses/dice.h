// Dice loss (Milletari et al. 2016, "V-Net"), smoothed by 1 as DETR's, MaskFormer's and SAM's.
#pragma once

#include "omma/nn/torch.h"

namespace omma {

// 1 - (2 sum p t + 1) / (sum p + sum t + 1) with p = sigmoid(logits), over the last two dimensions: [..., H, W] -> [...]. Targets
// are 0 to 1, of the logits' shape and type.
torch::Tensor dice_loss(const torch::Tensor& logits, const torch::Tensor& targets);

}  // namespace omma
