// SAM's prompt encoder: points and boxes to tokens, masks to a map. Weights under the names of transformers' SamPromptEncoder.
//
// P prompts, K points each, C channels, G x G positions of the picture's embedding.
#pragma once

#include <array>

#include "omma/models/sam/config.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

// Sines and cosines of random projections of a place (Tancik et al. 2020, "Fourier Features"). The projections are drawn once,
// saved and never trained; they stay in float32, since in fewer bits a place would blur.
class PositionalEncodingImpl : public torch::nn::Module {
 public:
  explicit PositionalEncodingImpl(int64_t frequencies);

  Tensor forward(const Tensor& places);  // [..., 2], (x, y) in 0..1 -> [..., 2 frequencies], float32
  Tensor grid(int64_t side);             // of the centres of side x side cells: [side side, 2 frequencies]

 private:
  Tensor positional_embedding_;  // [2, frequencies]
};
TORCH_MODULE(PositionalEncoding);

// Coordinates are pixels of the model's own square frame, at the middle of pixels. Any of them may be undefined.
struct Prompts {
  Tensor points;  // [P, K, 2] float32, (x, y)
  Tensor labels;  // [P, K] int64: 1 of the object, 0 of the background
  Tensor boxes;   // [P, 4] float32, XYXY
  Tensor masks;   // [P, 1, 4 G, 4 G] float32, logits
};

struct PromptEmbedding {
  Tensor sparse;  // [P, T, C]: K points, and one that is none where there is no box; two corners of a box
  Tensor dense;   // [P, C, G, G]; [1, C, G, G] where no prompt has a mask
};

class PromptEncoderImpl : public torch::nn::Module {
 public:
  explicit PromptEncoderImpl(const PromptEncoderConfig& config);

  // Throws std::invalid_argument for shapes that do not fit.
  PromptEmbedding forward(const Prompts& prompts, PositionalEncoding encoding);

  Tensor no_mask() const { return no_mask_.view({1, -1, 1, 1}); }  // `dense` of a prompt without, everywhere the same: [1, C, 1, 1]

  void init_weights();

 private:
  Tensor embed_points(const Prompts& prompts, PositionalEncoding& encoding);  // [P, K (+ 1), C]
  Tensor embed_boxes(const Tensor& boxes, PositionalEncoding& encoding);      // [P, 2, C]
  Tensor embed_masks(const Tensor& masks);                                    // [P, C, G, G]

  PromptEncoderConfig config_;
  Activation activation_;
  torch::nn::Conv2d conv1_, conv2_, conv3_;
  torch::nn::LayerNorm norm1_, norm2_;
  std::array<Tensor, 4> kinds_;   // [1, C]: background, foreground, a box's first and second corner
  Tensor not_a_point_, no_mask_;  // [1, C]
};
TORCH_MODULE(PromptEncoder);

}  // namespace omma::sam
