#include "omma/losses/box_loss.h"

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;

namespace {

constexpr double kTinyArea = 1e-12;  // keeps the quotients of degenerate boxes finite; far below any real area in 0..1

Tensor area_between(const Tensor& low, const Tensor& high) { return (high - low).clamp_min(0).prod(-1); }

}  // namespace

Tensor corners_of_centred(const Tensor& cxcywh) {
  const Tensor centre = cxcywh.slice(-1, 0, 2), half = cxcywh.slice(-1, 2, 4) * 0.5;
  return torch::cat({centre - half, centre + half}, -1);
}

Tensor centred_of_corners(const Tensor& xyxy) {
  const Tensor low = xyxy.slice(-1, 0, 2), high = xyxy.slice(-1, 2, 4);
  return torch::cat({(low + high) * 0.5, high - low}, -1);
}

Tensor generalized_iou(const Tensor& a, const Tensor& b) {
  check(a.dim() >= 1 && b.dim() >= 1 && a.size(-1) == 4 && b.size(-1) == 4, "generalized IoU: expected boxes [..., 4]");
  const Tensor a0 = a.slice(-1, 0, 2), a1 = a.slice(-1, 2, 4);
  const Tensor b0 = b.slice(-1, 0, 2), b1 = b.slice(-1, 2, 4);
  const Tensor overlap = area_between(torch::maximum(a0, b0), torch::minimum(a1, b1));
  const Tensor united = area_between(a0, a1) + area_between(b0, b1) - overlap;
  const Tensor hull = area_between(torch::minimum(a0, b0), torch::maximum(a1, b1));
  return overlap / united.clamp_min(kTinyArea) - (hull - united) / hull.clamp_min(kTinyArea);
}

}  // namespace omma
