// Linear layers that may be of 8-bit whole numbers: the weight a quarter of the memory, the product about twice as quick as in bf16
// on processors with AVX-512 VNNI or AMX.
//
// The numbers are what compressed-tensors (vLLM, transformers) calls int-quantized W8A8: a scale for each output channel, one scale
// and zero point for all inputs, from calibration (nn/calibration.h).
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "omma/nn/fused_activation.h"
#include "omma/nn/linear.h"

namespace omma {

// What stands for a number x: q = x / scale rounded to the nearest + zero_point, within -128 to 127.
struct Int8Range {
  float scale = 1;
  int zero_point = 0;
};

// A linear layer as any (nn/linear.h), or, `int8`,
//   y[n] = input_scale weight_scale[n] sum_k (q[k] - input_zero_point) weight[n, k] + bias[n], of q that stand for x.
//
// Then it has buffers `weight` int8 [out, in], `weight_scale` [out, 1], `input_scale` [1], `input_zero_point` int8 [1] and the
// parameter `bias`, which stay float32 and int8 whatever type the module is turned to: the type of x is that of y. On other devices
// and processors, and with gradients, the weight is turned into numbers of x's type at its first use, and inputs are not rounded.
// Thread-safe once loaded.
class QuantizableLinearImpl : public LinearImpl {
 public:
  QuantizableLinearImpl(const torch::nn::LinearOptions& sizes, bool int8);

  float least_scale() const;  // of an int8 layer's

  // Of an int8 layer: takes the weight and bias of `layer`, for inputs of this range. A channel's largest weight becomes 127.
  void quantize(const LinearImpl& layer, Int8Range input);

  Tensor forward(const Tensor& x);                              // [..., in] -> [..., out]
  Tensor forward_with(const Tensor& x, Activation activation);  // activation(forward(x))

  std::function<void(const Tensor& x)> watch;  // is shown every x, where there is one

 private:
  struct Prepared;  // the weight as the product wants it
  std::shared_ptr<const Prepared> prepared_for(const Tensor& x);
  bool suits(const Tensor& x) const;
  void expect_width(const Tensor& x) const;
  Tensor product(const Tensor& x, FusedActivation activation);

  Tensor input_scale_, input_zero_point_;
  std::mutex mutex_;
  std::shared_ptr<const Prepared> prepared_;
};
TORCH_MODULE(QuantizableLinear);

// fc2(activation(fc1(x))), as feed_forward() of nn/layers.h.
Tensor feed_forward(const Tensor& x, const QuantizableLinear& fc1, const QuantizableLinear& fc2, Activation activation);

// Throws std::invalid_argument that begins with `where` and names each int8 layer of the model whose scales are not above 0.
void expect_scales(const torch::nn::Module& model, std::string_view where);

// What the layers around them run in if nobody says: bf16 where the processor has products of it, else float32.
torch::Dtype dtype_beside_int8();

// Whether this machine and this LibTorch have the product.
bool has_int8_product();

}  // namespace omma
