// Focal loss (Lin et al. 2017, "Focal Loss for Dense Object Detection", eq. 5) for independent yes/no questions.
#pragma once

#include "omma/nn/torch.h"

namespace omma {

struct FocalLossOptions {
  double alpha = 0.25;  // weight of the positives; the negatives weigh 1 - alpha
  double gamma = 2;     // how fast easy examples fade
};

// -alpha_t (1 - p_t)^gamma log p_t of each element, not reduced. `logits` and `targets` have one shape; targets are 0 or 1 (values
// between are mixed linearly) and of the logits' type. Finite for any finite logit.
torch::Tensor sigmoid_focal_loss(const torch::Tensor& logits, const torch::Tensor& targets, const FocalLossOptions& options = {});

}  // namespace omma
