// DyConv, the vision layer of the head (Dai et al. 2021, "Dynamic Head: Unifying Object Detection Heads with Attentions"):
// attention over levels, places and channels, one after another.
//
// B batch, C channels.
#pragma once

#include <vector>

#include "omma/models/glip/config.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::glip {

// A deformable 3 x 3 convolution, then group normalisation.
class DeformableBlockImpl : public torch::nn::Module {
 public:
  DeformableBlockImpl(const Config& config, int64_t stride);
  // offsets [B, 18, H', W'] and mask [B, 9, H', W'] of the output's size or larger: larger ones are read from the start of their
  // memory as if they were of that size.
  Tensor forward(const Tensor& map, const Tensor& offsets, const Tensor& mask);

 private:
  int64_t stride_;
  torch::nn::Conv2d convolution_;  // for its weights
  torch::nn::GroupNorm norm_;
};
TORCH_MODULE(DeformableBlock);

// Dynamic ReLU (Chen et al. 2020): the larger of two lines through each channel, whose slopes and shifts the map's means decide.
class DynamicReluImpl : public torch::nn::Module {
 public:
  explicit DynamicReluImpl(int64_t channels);
  Tensor forward(const Tensor& map);  // [B, C, H, W]

 private:
  Linear fc1_, fc2_;
};
TORCH_MODULE(DynamicRelu);

// Each level sees itself and its neighbours, by offsets and a mask of its own; a weight for each of the three, from its mean, and a
// dynamic ReLU.
//
// The coarser neighbour is convolved at its own size with the finer level's offsets, which are larger than it: the authors' kernel
// reads their numbers in memory's order as if they were of its size (deformable_convolution.h). The published weights have learned
// that.
class DynamicConvolutionImpl : public torch::nn::Module {
 public:
  explicit DynamicConvolutionImpl(const Config& config);
  std::vector<Tensor> forward(const std::vector<Tensor>& maps);  // [B, C, H, W] from fine to coarse

 private:
  Tensor level(const std::vector<Tensor>& maps, std::size_t i);

  DeformableBlock own_, finer_, coarser_;
  torch::nn::Conv2d offset_, scale_;
  DynamicRelu relu_;
};
TORCH_MODULE(DynamicConvolution);

}  // namespace omma::glip
