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

// x [..., in], weight [out, in], bias [out] or undefined -> [..., out]. Equal to torch::linear but for rounding. Without gradients,
// in fp32 and bf16 on a CPU: few rows, a decoder's step, pass a kernel that reads the weight as fast as the memory gives it
// (bf16 1.7 to 2 times LibTorch's rate); many rows pass oneDNN rather than MKL where that is faster, which is in bf16, and in fp32
// on processors not Intel's (1.1 to 1.4 times; on Intel's MKL is, 1.5); 9 to 2048 in bf16 on AVX-512, own code (1.2 times).
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// torch::nn::Linear by omma::linear. Where oneDNN computes it, the activation costs no pass over memory.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  using torch::nn::LinearImpl::LinearImpl;
  Tensor forward(const Tensor& x);                              // [..., in] -> [..., out]
  Tensor forward_with(const Tensor& x, Activation activation);  // activation(forward(x))
};
TORCH_MODULE(Linear);

}  // namespace omma
