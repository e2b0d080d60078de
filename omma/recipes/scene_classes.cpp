#include "omma/recipes/scene_classes.h"

namespace omma {
namespace {

Tensor class_weights(int64_t classes, double ground) {
  Tensor weights = torch::ones({classes});
  weights[0] = ground;
  return weights;
}

}  // namespace

Tensor name_logits(const Tensor& logits, int64_t dim) { return logits.slice(dim, 0, world_name_classes); }
Tensor color_logits(const Tensor& logits, int64_t dim) { return logits.slice(dim, world_name_classes); }

SceneClassLoss::SceneClassLoss(double ground_weight)
    : name_weight_(class_weights(world_name_classes, ground_weight)),
      color_weight_(class_weights(world_color_classes, ground_weight)) {}

SceneClassLosses SceneClassLoss::operator()(const Tensor& logits, const Tensor& names, const Tensor& colors) const {
  const Tensor scores = logits.to(torch::kFloat32);
  return {.names = at::cross_entropy_loss(name_logits(scores, 1), names, name_weight_.to(scores.device())),
          .colors = at::cross_entropy_loss(color_logits(scores, 1), colors, color_weight_.to(scores.device()))};
}

}  // namespace omma
