#include "omma/models/llava/projector.h"

#include "omma/nn/layers.h"

namespace omma {
namespace {

Linear make_linear(int64_t in, int64_t out, bool bias) { return Linear(torch::nn::LinearOptions(in, out).bias(bias)); }

}  // namespace

LlavaProjectorImpl::LlavaProjectorImpl(const LlavaProjectorOptions& options)
    : linear_1(register_module("linear_1", make_linear(options.seen, options.channels, options.bias))),
      linear_2(register_module("linear_2", make_linear(options.channels, options.channels, options.bias))),
      activation_(activation_by_name(options.activation)) {}

Tensor LlavaProjectorImpl::forward(const Tensor& x) { return linear_2(linear_1->forward_with(x, activation_)); }

}  // namespace omma
