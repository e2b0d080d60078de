// Linear layers on the fastest path that the machine has.
#pragma once

#include <optional>
#include <string_view>

#include "omma/nn/block_weight.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// linear (nothing), relu, gelu (exact), gelu_new and gelu_pytorch_tanh, quick_gelu, silu: by the name config.json uses.
using Activation = Tensor (*)(const Tensor&);
Activation activation_by_name(std::string_view name);  // std::invalid_argument for an unknown name
bool is_activation(std::string_view name);

// x [..., in], weight [out, in], bias [out] or undefined -> [..., out]. Equal to torch::linear but for rounding. Without gradients,
// in fp32 and bf16 on a CPU: few rows, a decoder's step, pass a kernel that reads the weight as fast as the memory gives it
// (bf16 1.7 to 2 times LibTorch's rate); many rows pass oneDNN rather than MKL where that is faster, which is in bf16, and in fp32
// on processors not Intel's (1.1 to 1.4 times; on Intel's MKL is, 1.5); 9 to 2048 in bf16 on AVX-512, own code (1.2 times).
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// activation(linear(x, weight, bias)). Where oneDNN computes it, the activation costs no pass over memory.
Tensor linear_with(Activation activation, const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// A weight as 8-bit whole numbers, values[n, k] scale[n]: half of bf16's memory, which is what a decoder's step waits for.
struct Int8Weight {
  Tensor values;  // int8 [out, in]
  Tensor scale;   // float32 [out, 1]
};
Int8Weight int8_weight(const Tensor& weight);  // a channel's largest becomes 127

// linear() by such a weight. Few rows pass a kernel that reads it as it is; for many, and with gradients, it is first turned into
// numbers of x's type.
Tensor linear(const Tensor& x, const Int8Weight& weight, const Tensor& bias = {});

// What a low-rank adapter adds to a layer's weight: scale B A (lora.h).
struct LowRankAdapter {
  Tensor a, b;  // [rank, in], [out, rank]
  double scale = 1;
  double dropout = 0;  // of the adapter's input, in training
};

// torch::nn::Linear by omma::linear.
//
// `weight` and `bias` are the layer's own. Who computes with the weight other than by forward() reads full_weight(), so that an
// adapter has its part. With `int8` there are, in the place of the parameter `weight`, the buffers `weight` int8 [out, in] and
// `weight_scale` float32 [out, 1] of an Int8Weight, which keep their types whatever type the module is turned to. With set_blocks()
// `weight` is undefined, and no parameter: the blocks are a file's own, and what is saved is none of them.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  LinearImpl(int64_t in, int64_t out) : LinearImpl(torch::nn::LinearOptions(in, out)) {}
  explicit LinearImpl(const torch::nn::LinearOptions& sizes, bool int8 = false);
  Tensor forward(const Tensor& x);                              // [..., in] -> [..., out]
  Tensor forward_with(const Tensor& x, Activation activation);  // activation(forward(x)), by linear_with

  bool is_int8() const { return weight_scale_.defined(); }

  // Its weight is these from now on, of the sizes that it has. Throws std::invalid_argument.
  void set_blocks(const BlockWeight& blocks);
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;
  using Module::to;

  // The weight with the adapter's part, in the weight's type, [out, in]; `weight` itself where there is none. Of 8-bit numbers and
  // of blocks float32.
  Tensor full_weight() const;

  const std::optional<LowRankAdapter>& adapter() const { return adapter_; }
  void set_adapter(const LowRankAdapter& adapter) { adapter_ = adapter; }

  // Whether its weight is read by full_weight() rather than used by forward(): no adapter's dropout could be there.
  bool is_folded() const { return is_folded_; }
  void set_folded() { is_folded_ = true; }

 protected:
  Tensor weight_scale_;  // undefined: `weight` is of floating numbers

 private:
  Tensor adapted(const Tensor& x);  // what the adapter adds to forward(x)

  std::optional<BlockWeight> blocks_;
  std::optional<LowRankAdapter> adapter_;
  bool is_folded_ = false;
};
TORCH_MODULE(Linear);

// A layer whose weight is folded into other products (is_folded).
Linear folded_linear(int64_t in, int64_t out);

}  // namespace omma
