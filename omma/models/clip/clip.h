// CLIP (Radford et al. 2021, arXiv:2103.00020): pictures and texts in one space. Weights under the names of transformers'
// CLIPModel, which openai's and laion's directories hold.
//
// B pictures, R texts of T tokens, C channels, E channels of the shared space, V words.
#pragma once

#include <vector>

#include "omma/models/clip/config.h"
#include "omma/nn/clip_vision.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/nn/vit.h"

namespace omma {

// A causal transformer; what stands for a text is its end token's place.
class ClipTextModelImpl : public torch::nn::Module {
 public:
  explicit ClipTextModelImpl(const ClipTextConfig& config);

  // int64 [R, T], T at most the config's positions -> [R, C]. What stands behind a text's end token counts for nothing. Throws
  // std::invalid_argument.
  Tensor forward(const Tensor& input_ids);

  void init_weights();

 private:
  Tensor ends(const Tensor& input_ids) const;  // where each text ends: int64 [R]

  ClipTextConfig config_;
  torch::nn::Embedding token_embedding_ = nullptr;     // [V, C]
  torch::nn::Embedding position_embedding_ = nullptr;  // [positions, C]
  std::vector<VitBlock> layers_;
  torch::nn::LayerNorm final_norm_ = nullptr;
};
TORCH_MODULE(ClipTextModel);

class ClipImpl : public torch::nn::Module {
 public:
  explicit ClipImpl(const ClipConfig& config);

  Tensor embed_image(const Tensor& pixels);    // [B, 3, H, W] -> unit [B, E]
  Tensor embed_text(const Tensor& input_ids);  // [R, T] -> unit [R, E]

  // Random weights as the reference draws them, for training from scratch.
  void init_weights();

  const ClipConfig& config() const { return config_; }

  ClipTextModel text_model;
  ClipVisionModel vision_model;
  Linear visual_projection, text_projection;
  Tensor logit_scale;  // []: log of the factor on cosines

 private:
  ClipConfig config_;
};
TORCH_MODULE(Clip);

}  // namespace omma
