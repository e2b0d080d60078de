// BLIP's image encoder: a Vision Transformer (Dosovitskiy et al. 2020) with a biased patch embedding, pre-normalised blocks and a
// final normalisation. Weights under the names of transformers' BlipVisionModel.
//
// B pictures, S tokens: the class token, then the patches row by row; C channels.
#pragma once

#include <vector>

#include "omma/models/blip/config.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/nn/vit.h"

namespace omma {

class BlipVisionModelImpl : public torch::nn::Module {
 public:
  explicit BlipVisionModelImpl(const BlipVisionConfig& config);

  // [B, 3, H, W] normalised, H and W at least one patch -> [B, 1 + (H / patch) (W / patch), C]. Throws std::invalid_argument.
  Tensor forward(const Tensor& pixels);

 private:
  Tensor positions(int64_t rows, int64_t columns) const;  // [1, 1 + rows columns, C]

  BlipVisionConfig config_;
  Tensor class_embedding_;     // [1, 1, C]
  Tensor position_embedding_;  // [1, 1 + grid grid, C]
  torch::nn::Conv2d patch_embedding_ = nullptr;
  std::vector<VitBlock> layers_;
  torch::nn::LayerNorm pre_layernorm_ = nullptr;  // where there is one
  torch::nn::LayerNorm post_layernorm_ = nullptr;
};
TORCH_MODULE(BlipVisionModel);

}  // namespace omma
