// LLaVA's projector (Liu et al. 2023, arXiv:2310.03744): the tower's tokens to words' embeddings.
#pragma once

#include <cstdint>
#include <string>

#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct LlavaProjectorOptions {
  int64_t seen = 1024;      // K: channels of the tower, times the layers that are joined
  int64_t channels = 4096;  // C, of the language model
  std::string activation = "gelu";
  bool bias = true;
};

// linear_2(activation(linear_1(x))). A plain linear projector (v1) is one with the activation "linear" and an identity behind it.
class LlavaProjectorImpl : public torch::nn::Module {
 public:
  explicit LlavaProjectorImpl(const LlavaProjectorOptions& options);
  Tensor forward(const Tensor& x);  // [..., K] -> [..., C]

  Linear linear_1, linear_2;

 private:
  Activation activation_;
};
TORCH_MODULE(LlavaProjector);

}  // namespace omma
