// Segment Anything (Kirillov et al. 2023, arXiv:2304.02643): prompts to masks, with a heavy encoder that sees the picture once and
// a light decoder that answers each prompt. Reference: transformers 5.23, SamModel; weights under its checkpoint's names.
//
// B pictures, P prompts, C channels, G x G positions of the embedding, M masks: the single one, then those of multimask.
#pragma once

#include "omma/models/sam/config.h"
#include "omma/models/sam/image_encoder.h"
#include "omma/models/sam/mask_decoder.h"
#include "omma/models/sam/prompt_encoder.h"
#include "omma/models/sam/tiny_vit.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

class ModelImpl : public torch::nn::Module {
 public:
  explicit ModelImpl(const Config& config);

  const Config& config() const { return config_; }

  // [B, 3, image_size, image_size], normalised RGB with zeros at the right and bottom -> [B, C, G, G]. Depends on the pictures
  // alone: worth keeping.
  Tensor encode_image(const Tensor& pixels);

  // The patches `seen` [B, K] alone, see VitEncoder: [B, K, hidden_size]. Throws std::invalid_argument for TinyViT.
  Tensor encode_patches(const Tensor& pixels, const Tensor& seen);

  // The masks of P prompts on one picture's embedding [1, C, G, G], or each on its own [P, C, G, G]; float32.
  DecodedMasks forward(const Tensor& embedding, const Prompts& prompts);

  // The same for one picture in two steps, of which the first is the same for all prompts without masks.
  DecoderImage prepare(const Tensor& embedding);
  DecodedMasks decode(const DecoderImage& image, const Prompts& prompts);

  // Random weights for training from scratch.
  void init_weights();

  torch::nn::Module& vision_encoder();

  PositionalEncoding shared_image_embedding = nullptr;
  PromptEncoder prompt_encoder = nullptr;
  MaskDecoder mask_decoder = nullptr;

 private:
  void expect_pixels(const Tensor& pixels) const;
  void expect_embedding(const Tensor& embedding) const;
  Tensor positions(torch::Dtype dtype);  // [1, G G, C], of the embedding

  Config config_;
  VitEncoder vit_ = nullptr;  // one of the two
  TinyVit tiny_vit_ = nullptr;
};
TORCH_MODULE(Model);

// The precision policy: picture encoder and decoder in `dtype`; prompts and their places in float32.
void set_dtype(ModelImpl& model, torch::Dtype dtype);

}  // namespace omma::sam
