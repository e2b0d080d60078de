#include "omma/losses/dice.h"

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;

Tensor dice_loss(const Tensor& logits, const Tensor& targets) {
  check(logits.dim() >= 2 && logits.sizes() == targets.sizes(),
        "dice loss: logits have {} elements, targets {}: expected one shape [..., H, W]", logits.numel(), targets.numel());
  const Tensor probability = logits.sigmoid().flatten(-2), expected = targets.flatten(-2);
  const Tensor shared = (probability * expected).sum(-1), all = probability.sum(-1) + expected.sum(-1);
  return 1 - (2 * shared + 1) / (all + 1);
}

}  // namespace omma
