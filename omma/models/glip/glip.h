// GLIP: detection as grounding (Li et al. 2022, "Grounded Language-Image Pre-training", arXiv:2112.03857). Reference: the authors'
// code (microsoft/GLIP, commit 9dda955), GeneralizedVLRCNN with VLDYHEAD; published as GLIP-T (A, B, C and GLIP-T) and GLIP-L.
//
// B batch, T text tokens, L text's channels.
#pragma once

#include <vector>

#include "omma/models/glip/config.h"
#include "omma/models/glip/head.h"
#include "omma/models/glip/pyramid.h"
#include "omma/nn/bert.h"
#include "omma/nn/swin.h"
#include "omma/nn/torch.h"

namespace omma::glip {

class ModelImpl : public torch::nn::Module {
 public:
  explicit ModelImpl(const Config& config);

  const Config& config() const { return config_; }

  // input_ids [B, T] int64 of prompts of one length -> [B, T, L]. Depends on the prompt alone: worth keeping. Throws
  // std::invalid_argument for ids outside the vocabulary and wrong shapes.
  Tensor encode_text(const Tensor& input_ids);

  // pixel_values [B, 3, H, W]: BGR of 0 to 255, normalised, filled up with zeros, which nothing tells from the picture, to
  // multiples of size_divisor -> maps [B, C, H, W] of P3 to P7. Depends on the pictures alone. Throws std::invalid_argument for
  // wrong shapes.
  std::vector<Tensor> encode_image(const Tensor& pixel_values, const Probe& probe = {});

  std::vector<LevelOutput> forward(const std::vector<Tensor>& maps, const Tensor& text, const Probe& probe = {});

 private:
  Config config_;
  SwinBackbone backbone_;
  Pyramid pyramid_;
  BertEncoder text_backbone_;
  Head head_;
};
TORCH_MODULE(Model);

}  // namespace omma::glip
