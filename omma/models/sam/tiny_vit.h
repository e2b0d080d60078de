// TinyViT (Wu et al. 2022, "TinyViT: Fast Pretraining Distillation for Small Vision Transformers") as the picture encoder of
// MobileSAM (Zhang et al. 2023, "Faster Segment Anything"): convolutions at first, then attention in windows, at the end SAM's
// neck. transformers has no TinyViT: the names are in its manner, tiny_vit_keys.h has the authors'.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/sam/neck.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

// The defaults are MobileSAM's (TinyViT-5M at 1024 pixels).
struct TinyVitConfig {
  std::string model_type = "tiny_vit";
  int64_t image_size = 1024;  // of the square that pictures are padded to; the module runs any size
  int64_t num_channels = 3;
  std::vector<int64_t> embed_dims = {64, 128, 160, 320};  // of each stage, as the next three
  std::vector<int64_t> depths = {2, 2, 6, 2};
  std::vector<int64_t> num_heads = {2, 4, 5, 10};     // the first stage has no attention: its number says nothing,
  std::vector<int64_t> window_sizes = {7, 7, 14, 7};  // as here
  // By how much the map shrinks from stage to stage. The authors keep the last stage at SAM's 16 pixels a token.
  std::vector<int64_t> downsample_strides = {2, 2, 1};
  double mlp_ratio = 4;
  double mbconv_expand_ratio = 4;
  int64_t local_conv_size = 3;
  int64_t output_channels = 256;
  std::string hidden_act = "gelu";
  double hidden_dropout_prob = 0;
  double drop_path_rate = 0;  // of the last block; the others' rise to it from 0
  double layer_norm_eps = 1e-5;
  double batch_norm_eps = 1e-5;
  double initializer_range = 0.02;

  std::size_t stages() const { return depths.size(); }
  int64_t patch_size() const;  // pixels a side of a token of the embedding

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    field("image_size", image_size, Range{1, 65536});
    field("num_channels", num_channels, Range{3, 3});
    field("embed_dims", embed_dims, Range{2, 16384});
    field("depths", depths, Range{1, 64});
    field("num_heads", num_heads, Range{1, 256});
    field("window_sizes", window_sizes, Range{1, 64});
    field("downsample_strides", downsample_strides, Range{1, 2});
    field("mlp_ratio", mlp_ratio, Range{0.01, 64});
    field("mbconv_expand_ratio", mbconv_expand_ratio, Range{0.01, 64});
    field("local_conv_size", local_conv_size, Range{1, 31});
    field("output_channels", output_channels, Range{1, 16384});
    field("hidden_act", hidden_act);
    field("hidden_dropout_prob", hidden_dropout_prob, Range{0, 0.99});
    field("drop_path_rate", drop_path_rate, Range{0, 0.99});
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("batch_norm_eps", batch_norm_eps, Range{1e-15, 1});
    field("initializer_range", initializer_range, Range{0, 1});
  }
  void validate(Faults& faults) const;
};

class ConvNormImpl;
class TinyVitStageImpl;

// Pictures in, the embedding that SAM's mask decoder reads out. In evaluation a batch norm is part of the convolution before it,
// and several threads may call one model on a CPU.
class TinyVitImpl : public torch::nn::Module {
 public:
  explicit TinyVitImpl(const TinyVitConfig& config);

  void init_weights();  // the reference's, for a training from nothing

  // [B, 3, H, W] -> [B, output_channels, H / patch_size, W / patch_size], sizes rounded up at every halving.
  Tensor forward(const Tensor& pixels);

  // The map [B, embed_dims[i], ...] that each stage's blocks give out; the neck's is the last one.
  std::vector<Tensor> stage_maps(const Tensor& pixels);

 private:
  Activation activation_;
  double initializer_range_;
  std::shared_ptr<ConvNormImpl> patch_conv1_, patch_conv2_;
  std::vector<std::shared_ptr<TinyVitStageImpl>> stages_;
  Neck neck_;
};
TORCH_MODULE(TinyVit);

}  // namespace omma::sam
