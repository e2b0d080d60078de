#include "omma/losses/focal.h"

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;

Tensor sigmoid_focal_loss(const Tensor& logits, const Tensor& targets, const FocalLossOptions& options) {
  check(logits.sizes() == targets.sizes(), "focal loss: logits have {} elements, targets {}: expected one shape", logits.numel(),
        targets.numel());
  const Tensor probability = logits.sigmoid();
  const Tensor cross_entropy = at::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::None);
  const Tensor miss = probability + targets - 2 * probability * targets;  // 1 - p_t
  const Tensor weight = targets * (2 * options.alpha - 1) + (1 - options.alpha);
  const Tensor focus = options.gamma == 2 ? miss.square() : miss.pow(options.gamma);
  return weight * focus * cross_entropy;
}

}  // namespace omma
