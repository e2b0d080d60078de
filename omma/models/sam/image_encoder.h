// SAM's picture encoder: a Vision Transformer with windows (Kirillov et al. 2023, "Segment Anything", appendix A; Li et al. 2022,
// "Exploring Plain Vision Transformer Backbones for Object Detection"). Weights under the names of transformers' SamVisionEncoder.
//
// B pictures, H x W patches, C channels, w window side.
#pragma once

#include <vector>

#include "omma/models/sam/config.h"
#include "omma/models/sam/neck.h"
#include "omma/nn/grid_attention.h"
#include "omma/nn/int8_linear.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

// x' = x + attention(norm1(x)), x' + lin2(gelu(lin1(norm2(x')))); attention within windows of w x w patches, or everywhere.
class EncoderLayerImpl : public torch::nn::Module {
 public:
  EncoderLayerImpl(const VisionConfig& config, int64_t index);

  Tensor forward(const Tensor& x);          // [B, H, W, C] -> [B, H, W, C]
  Tensor forward_patches(const Tensor& x);  // [B, K, C] -> [B, K, C]: any patches, each attends to all, wherever they are

 private:
  // x + f(x), then the MLP, with f the attention's part.
  template <class Attention>
  Tensor with_attention(const Tensor& x, const Attention& attention);
  Tensor attend(const Tensor& x);  // [B, H, W, C] -> [B, H, W, C]
  // The map is padded with zeros to whole windows, and they take part: as the bias, which is what the projection makes of zeros.
  Tensor attend_in_windows(const Tensor& x);
  Tensor mixed(const Tensor& qkv);  // [B, h, w, 3 C] -> [B, h w, C], each grid by itself

  int64_t heads_, window_;
  double drop_path_;
  Activation activation_;
  torch::nn::LayerNorm norm1_, norm2_;
  QuantizableLinear qkv_, proj_, lin1_, lin2_;
  RelativePositions positions_;
};
TORCH_MODULE(EncoderLayer);

class VitEncoderImpl : public torch::nn::Module {
 public:
  explicit VitEncoderImpl(const VisionConfig& config);

  // [B, 3, image_size, image_size], normalised RGB -> [B, output_channels, H, W].
  Tensor forward(const Tensor& pixels);

  // The patches `seen` [B, K] alone (places in the grid, row by row), without windows, relative positions and neck, as a masked
  // autoencoder trains a plain ViT: [B, 3, image_size, image_size] -> [B, K, C].
  Tensor encode_patches(const Tensor& pixels, const Tensor& seen);

  // Random weights for training from scratch.
  void init_weights();

 private:
  Tensor embed(const Tensor& pixels);  // [B, H, W, C]: patches with their positions

  torch::nn::Conv2d projection_;
  Tensor pos_embed_;  // [1, H, W, C]; undefined without
  std::vector<EncoderLayer> layers_;
  Neck neck_;
};
TORCH_MODULE(VitEncoder);

// The encoder's positions of another grid or window in the shape of ours: absolute ones bicubically, relative ones linearly, as
// ViTDet resizes them. Undefined of other weights, and of other widths. `name`: the parameter's.
Tensor resized_positions(const std::string& name, const Tensor& theirs, torch::IntArrayRef shape);

}  // namespace omma::sam
