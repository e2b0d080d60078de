// SAM's mask decoder: prompts and a picture's embedding to masks, and how good each is. Weights under the names of transformers'
// SamMaskDecoder.
//
// P prompts, T tokens of a prompt, M mask tokens (the single mask, then those of multimask), G x G positions, C channels.
#pragma once

#include <vector>

#include "omma/models/sam/config.h"
#include "omma/models/sam/prompt_encoder.h"
#include "omma/models/sam/two_way_transformer.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::sam {

// Linear layers with ReLU between them: proj_in, layers.0 ..., proj_out.
class FeedForwardImpl : public torch::nn::Module {
 public:
  struct Options {
    int64_t in, hidden, out;
    int64_t depth;
  };
  explicit FeedForwardImpl(const Options& options);

  Tensor forward(const Tensor& x);  // [..., in] -> [..., out]

 private:
  Linear proj_in_, proj_out_;
  std::vector<Linear> layers_;
};
TORCH_MODULE(FeedForward);

struct DecodedMasks {
  Tensor logits;  // [P, M, 4 G, 4 G]; above 0: the object
  Tensor iou;     // [P, M]: what each mask's IoU is expected to be
};

// The picture's part of the work, the same for all prompts: [P or 1, ...].
struct DecoderImage {
  ImageRows rows;
  Tensor positions;  // [1, G G, C]
  int64_t grid = 0;
};

class MaskDecoderImpl : public torch::nn::Module {
 public:
  explicit MaskDecoderImpl(const MaskDecoderConfig& config);

  // image: a picture's embedding with the prompts' maps [P or 1, C, G, G]. `kept`: worth doing once what the first layer makes of
  // it.
  DecoderImage prepare(const Tensor& image, const Tensor& positions, bool kept);

  // prompts [P, T, C] -> all M masks; the single one is the first.
  DecodedMasks forward(const DecoderImage& image, const Tensor& prompts);

  void init_weights();

 private:
  Tensor upscaled_logits(const Tensor& image, const Tensor& filters);  // [P, G, G, C], [P, M, C / 8] -> [P, M, 4 G, 4 G]

  MaskDecoderConfig config_;
  Tensor iou_token_, mask_tokens_;  // [1, C], [M, C]
  TwoWayTransformer transformer_;
  torch::nn::ConvTranspose2d upscale1_, upscale2_;
  torch::nn::LayerNorm upscale_norm_;
  std::vector<FeedForward> hypernetworks_;  // of each mask token
  FeedForward iou_head_;
};
TORCH_MODULE(MaskDecoder);

}  // namespace omma::sam
