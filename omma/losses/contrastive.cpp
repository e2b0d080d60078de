#include "omma/losses/contrastive.h"

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;

Tensor soft_targets(const Tensor& logits, const Tensor& positives, double alpha) {
  const Tensor hard = positives / positives.sum(1, /*keepdim=*/true);
  return alpha * torch::softmax(logits, 1) + (1 - alpha) * hard;
}

Tensor soft_cross_entropy(const Tensor& logits, const Tensor& targets) {
  return -(torch::log_softmax(logits, 1) * targets).sum(1).mean();
}

Tensor draw_columns(const Tensor& weights, const Tensor& uniform) {
  const Tensor total = weights.sum(1, /*keepdim=*/true);
  const Tensor shares = torch::where(total > 0, weights, torch::ones_like(weights)).to(torch::kDouble);
  const Tensor cumulative = shares.cumsum(1);                                                                    // [B, K]
  const Tensor target = uniform.to(torch::kDouble).unsqueeze(1) * cumulative.narrow(1, weights.size(1) - 1, 1);  // [B, 1]
  return torch::searchsorted(cumulative, target, /*out_int32=*/false, /*right=*/true).squeeze(1).clamp_max(weights.size(1) - 1);
}

Tensor paired_contrastive_loss(const Tensor& to_texts, const Tensor& to_images, int64_t first) {
  const int64_t pairs = to_texts.size(0);
  check(to_images.size(0) == pairs && to_texts.size(1) >= first + pairs && to_images.size(1) >= first + pairs,
        "contrastive loss: expected as many pictures as texts, each among its candidates");
  const Tensor own = torch::arange(first, first + pairs, torch::TensorOptions(torch::kLong).device(to_texts.device()));
  return (torch::cross_entropy_loss(to_texts, own) + torch::cross_entropy_loss(to_images, own)) / 2;
}

}  // namespace omma
