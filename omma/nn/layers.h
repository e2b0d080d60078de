// Small pieces that every model shares.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// Layer normalisation over the last dimension.
torch::nn::LayerNorm layer_norm(int64_t channels, double eps);

// x / rms(x), times a learned scale; the mean square in fp32. [..., C] -> [..., C]
class RmsNormImpl : public torch::nn::Module {
 public:
  RmsNormImpl(int64_t channels, double eps);
  Tensor forward(const Tensor& x);
  Tensor weight;

 private:
  double eps_;
};
TORCH_MODULE(RmsNorm);

// Registers `child` under a dotted checkpoint key ("attention.self.query"), making plain modules for the components on the way,
// so that a block's members can be flat while its names are the checkpoint's.
template <class Holder>
Holder register_at(torch::nn::Module& module, std::string_view key, Holder child);
Tensor register_parameter_at(torch::nn::Module& module, std::string_view key, const Tensor& value);

struct FeedForwardDropout {
  double inner = 0;  // after the activation
  double outer = 0;  // after fc2
  bool training = false;
};

// fc2(activation(fc1(x))) over the last dimension of x. Without gradients the rows go through in blocks, so that the wide middle
// stays in the cache.
Tensor feed_forward(const Tensor& x, const Linear& fc1, const Linear& fc2, Activation activation,
                    const FeedForwardDropout& dropout = {});

// Stochastic depth: in training each sample's x is dropped with probability `rate`, and scaled by 1 / (1 - rate) otherwise.
Tensor drop_path(const Tensor& x, double rate, bool training);

// A perceptron with ReLU between its layers (DETR's prediction head): `layers.0` ... `layers.{depth-1}`.
class MlpImpl : public torch::nn::Module {
 public:
  struct Options {
    int64_t in, hidden, out;
    int64_t depth;
  };
  explicit MlpImpl(const Options& options);
  Tensor forward(Tensor x);  // [..., in] -> [..., out], computed in the type of the weights
  const Linear& last() const { return layers_.back(); }

 private:
  std::vector<Linear> layers_;
};
TORCH_MODULE(Mlp);

namespace layers_detail {
// The module that holds the last component of `key`; made where absent.
torch::nn::Module& parent_of(torch::nn::Module& module, std::string_view key);
std::string last_component(std::string_view key);
}  // namespace layers_detail

template <class Holder>
Holder register_at(torch::nn::Module& module, std::string_view key, Holder child) {
  return layers_detail::parent_of(module, key).register_module(layers_detail::last_component(key), std::move(child));
}

}  // namespace omma
