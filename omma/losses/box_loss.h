// Losses between boxes as tensors, [..., 4], either as centre and size (CXCYWH) or as corners (XYXY), in any one unit.
#pragma once

#include "omma/nn/torch.h"

namespace omma {

torch::Tensor corners_of_centred(const torch::Tensor& cxcywh);
torch::Tensor centred_of_corners(const torch::Tensor& xyxy);

// Generalized IoU (Rezatofighi et al. 2019) of boxes pair by pair: XYXY [..., 4] and [..., 4], broadcast, gives [...] in -1..1.
// Empty and inverted boxes count as having no area: such pairs give finite values and gradients.
torch::Tensor generalized_iou(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace omma
