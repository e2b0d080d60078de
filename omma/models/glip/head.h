// The language-aware detection head (section 3.2 of the paper): in every layer vision and text look at each other, then each at
// itself; then each place of the pyramid meets each word (section 3.1).
//
// B batch, T text tokens, C channels, L text's channels, P places of a level.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "omma/models/glip/config.h"
#include "omma/models/glip/dynamic_convolution.h"
#include "omma/nn/bert_layers.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/nn/vision_text_fusion.h"

namespace omma::glip {

// A look inside the model, for parity tests: called with every named intermediate. Empty: costs nothing.
using Probe = std::function<void(std::string_view name, const Tensor& value)>;

struct LevelOutput {
  Tensor logits;      // [B, P, T] of each place to hold what each word means, before the sigmoid
  Tensor regression;  // [B, P, 4] from the place's square to a box (boxes.h)
  Tensor centerness;  // [B, P] of the place within its object, before the sigmoid
};

class HeadImpl : public torch::nn::Module {
 public:
  explicit HeadImpl(const Config& config);

  // maps [B, C, H, W] of every level, text [B, T, L] without padding.
  std::vector<LevelOutput> forward(std::vector<Tensor> maps, Tensor text, const Probe& probe);

 private:
  struct Layer {
    FusionLayer fusion = nullptr;  // this and `text` are absent without fusion
    BertLayer text = nullptr;
    DynamicConvolution vision = nullptr;
  };
  // All levels as one sequence, and back.
  void fuse(FusionLayer& fusion, std::vector<Tensor>& maps, Tensor& text);
  LevelOutput align(std::size_t level, const Tensor& map, const Tensor& words, const Tensor& word_bias);

  std::vector<Layer> layers_;
  torch::nn::Conv2d box_, centerness_;
  Linear text_projection_;
  Tensor text_bias_;            // [L]
  Tensor bias_, log_scale_;     // [1]
  std::vector<Tensor> scales_;  // [1] of each level's regression
};
TORCH_MODULE(Head);

}  // namespace omma::glip
