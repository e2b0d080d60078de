// CLIP's image encoder (Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision",
// arXiv:2103.00020): a Vision Transformer with a normalisation before its first block. The eye of CLIP, LLaVA and their relatives.
// Weights under the names of transformers' CLIPVisionModel.
//
// B pictures, S tokens: the class token, then the patches row by row; C channels, L blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/nn/vit.h"

namespace omma {

// Field names of transformers' CLIPVisionConfig; the defaults are its.
struct ClipVisionConfig {
  int64_t hidden_size = 768;
  int64_t intermediate_size = 3072;
  int64_t projection_dim = 512;  // of the space shared with texts, for directories that hold this part alone
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t num_channels = 3;
  int64_t image_size = 224;  // pixels a side
  int64_t patch_size = 32;
  std::string hidden_act = "quick_gelu";
  double layer_norm_eps = 1e-5;
  double attention_dropout = 0;
  double initializer_range = 0.02;

  int64_t grid() const { return image_size / patch_size; }  // patches a side

  template <class Fields>
  void fields(Fields& field) {
    field("hidden_size", hidden_size, Range{1, 1 << 16});
    field("intermediate_size", intermediate_size, Range{1, 1 << 20});
    field("projection_dim", projection_dim, Range{1, 1 << 16});
    field("num_hidden_layers", num_hidden_layers, Range{1, 1024});
    field("num_attention_heads", num_attention_heads, Range{1, 1024});
    field("num_channels", num_channels, Range{3, 3});
    field("image_size", image_size, Range{1, 16384});
    field("patch_size", patch_size, Range{1, 16384});
    field("hidden_act", hidden_act);
    field("layer_norm_eps", layer_norm_eps, Range{0, 1});
    field("attention_dropout", attention_dropout, Range{0, 1});
    field("initializer_range", initializer_range, Range{0, 1});
  }
  void validate(Faults& faults) const;
};

// The names of CLIP's blocks, its texts' as well.
VitBlockNames clip_block_names();

class ClipVisionModelImpl : public torch::nn::Module {
 public:
  explicit ClipVisionModelImpl(const ClipVisionConfig& config);

  // What the blocks gave, [B, S, C] each: 0 is what goes into the first of them, L the last one's. Blocks behind the last that is
  // asked for are not run. Pixels [B, 3, H, W], normalised, of the config's size. Throws std::invalid_argument.
  std::vector<Tensor> hidden_states(const Tensor& pixels, const std::vector<int64_t>& which);

  Tensor pooled(const Tensor& pixels);  // the class token after the last block, normalised: [B, C]

  // Random weights as the reference draws them.
  virtual void init_weights();

  const ClipVisionConfig& config() const { return config_; }

 protected:
  // What comes before block `i`, for relatives that add to it: x [B, S, C] as it goes in.
  virtual Tensor before_block(std::size_t /*i*/, const Tensor& x) { return x; }

 private:
  Tensor embed(const Tensor& pixels);  // [B, S, C]

  ClipVisionConfig config_;
  Tensor class_embedding_;  // [C]
  torch::nn::Conv2d patch_embedding_ = nullptr;
  torch::nn::Embedding position_embedding_ = nullptr;  // [S, C]
  torch::nn::LayerNorm pre_norm_ = nullptr;
  std::vector<VitBlock> layers_;
  torch::nn::LayerNorm post_norm_ = nullptr;
};
TORCH_MODULE(ClipVisionModel);

// Draws a block's weights as CLIP's reference does: smaller the deeper the stack of `layers` blocks.
void init_clip_block(VitBlockImpl& block, int64_t channels, int64_t layers);

}  // namespace omma
