// How an image encoder is pre-trained on the picture-book world: a classifier upon it says of every position what it shows, a name
// and a colour. The classifier is thrown away afterwards.
#pragma once

#include "omma/data/world/scene.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// Of a position's logits: names first (0 is the ground), then colours.
inline constexpr int64_t scene_class_count = world_name_classes + world_color_classes;
Tensor name_logits(const Tensor& logits, int64_t dim);
Tensor color_logits(const Tensor& logits, int64_t dim);

struct SceneClassLosses {
  Tensor names, colors;  // cross-entropies, means over the positions by their weights
};

class SceneClassLoss {
 public:
  // `ground_weight` of a position that shows the ground, against 1 for an object's.
  explicit SceneClassLoss(double ground_weight);

  // logits [N, scene_class_count, ...], names and colors [N, ...] int64 on the same device.
  SceneClassLosses operator()(const Tensor& logits, const Tensor& names, const Tensor& colors) const;

 private:
  Tensor name_weight_, color_weight_;
};

}  // namespace omma
