// One block of a Vision Transformer (Dosovitskiy et al. 2020), pre-normalised, as BLIP's and CLIP's encoders stack it.
//
// B pictures, S tokens, C channels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// The checkpoint's names; the defaults are BLIP's in transformers.
struct VitBlockNames {
  std::string norm1 = "layer_norm1";
  std::vector<std::string> qkv = {"self_attn.qkv"};  // one projection of queries, keys and values, or each one's
  std::string projection = "self_attn.projection";
  std::string norm2 = "layer_norm2";
  std::string fc1 = "mlp.fc1";
  std::string fc2 = "mlp.fc2";
};

struct VitBlockOptions {
  int64_t hidden_size = 768;  // C
  int64_t intermediate_size = 3072;
  int64_t heads = 12;
  Activation activation = activation_by_name("gelu");
  double norm_eps = 1e-5;
  double attention_dropout = 0;
  bool qkv_bias = true;
  VitBlockNames names = {};
};

// x' = x + projection(attention(norm1(x))); x' + fc2(activation(fc1(norm2(x')))).
class VitBlockImpl : public torch::nn::Module {
 public:
  explicit VitBlockImpl(const VitBlockOptions& options);  // std::invalid_argument where qkv names neither one projection nor three

  // [B, S, C] -> [B, S, C]. `mask` as attention() takes it; undefined: every token sees all.
  Tensor forward(const Tensor& x, const Tensor& mask = {});

 private:
  Tensor attend(const Tensor& x, const Tensor& mask);  // [B, S, C] -> [B, S, C]

  int64_t heads_;
  Activation activation_;
  double attention_dropout_;
  torch::nn::LayerNorm norm1_;
  std::vector<Linear> qkv_;  // one, or three
  Linear projection_;
  torch::nn::LayerNorm norm2_;
  Linear fc1_, fc2_;
};
TORCH_MODULE(VitBlock);

}  // namespace omma
