// The neck: every backbone map to C channels, coarser levels below them, positions and masks, all levels in one sequence.
//
// B batch, C channels, L levels, S positions of all levels.
#pragma once

#include <vector>

#include "omma/models/grounding_dino/config.h"
#include "omma/models/grounding_dino/probe.h"
#include "omma/nn/deformable_attention.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

struct VisionFeatures {
  Tensor features;      // [B, S, C]
  Tensor position;      // [B, S, C]: sine embedding and level embedding
  Tensor mask;          // [B, S] bool, true = picture; undefined where there is no padding
  Tensor valid_ratios;  // [B, L, 2] float32, (x, y): the picture's share of each padded map
  LevelShapes levels;
};

// Its weights live in `model` as input_proj_vision.* and level_embed, the checkpoint's names.
class Neck {
 public:
  Neck(torch::nn::Module& model, const Config& config);

  // Backbone maps [B, ., H, W] from fine to coarse; pixel_mask [B, H, W] bool or undefined.
  VisionFeatures operator()(const std::vector<Tensor>& maps, const Tensor& pixel_mask, const Probe& probe);

  void init_weights();

 private:
  Tensor project(std::size_t level, const Tensor& map);

  double temperature_;
  struct Projection {
    torch::nn::Conv2d convolution;
    torch::nn::GroupNorm norm;
  };
  std::vector<Projection> projections_;
  Tensor level_embed_;  // [L, C]
};

}  // namespace omma::grounding_dino
