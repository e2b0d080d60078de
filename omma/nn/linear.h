// Linear layers on the fastest path that the machine has.
#pragma once

#include <string_view>

#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// relu, gelu (exact), gelu_new and gelu_pytorch_tanh, quick_gelu, silu: by the name config.json uses.
using Activation = Tensor (*)(const Tensor&);
Activation activation_by_name(std::string_view name);  // std::invalid_argument for an unknown name
bool is_activation(std::string_view name);

// torch::nn::Linear, which without gradients and with many rows on a CPU calls oneDNN where LibTorch would call MKL: 1.1 to 1.4
// times faster on AVX-512 without AMX, and the activation costs no pass over memory. Equal to LibTorch's but for rounding.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  using torch::nn::LinearImpl::LinearImpl;
  Tensor forward(const Tensor& x);                              // [..., in] -> [..., out]
  Tensor forward_with(const Tensor& x, Activation activation);  // activation(forward(x))
};
TORCH_MODULE(Linear);

}  // namespace omma
