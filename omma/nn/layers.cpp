#include "omma/nn/layers.h"

#include <fmt/format.h>

#include <utility>

#include "omma/nn/row_blocks.h"

namespace omma {

Tensor register_parameter_at(torch::nn::Module& module, std::string_view key, const Tensor& value) {
  return layers_detail::parent_of(module, key).register_parameter(layers_detail::last_component(key), value);
}

torch::nn::LayerNorm layer_norm(int64_t channels, double eps) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}).eps(eps));
}

RmsNormImpl::RmsNormImpl(int64_t channels, double eps) : weight(register_parameter("weight", torch::ones({channels}))), eps_(eps) {}

Tensor RmsNormImpl::forward(const Tensor& x) {
  const Tensor wide = x.to(torch::kFloat);
  const Tensor normalised = wide * torch::rsqrt(wide.square().mean(-1, true) + eps_);
  return weight * normalised.to(x.dtype());
}

Tensor feed_forward(const Tensor& x, const Linear& fc1, const Linear& fc2, Activation activation,
                    const FeedForwardDropout& dropout) {
  return in_row_blocks(x, fc2->options.out_features(), [&](const Tensor& rows) {
    const Tensor inner = torch::dropout(fc1.ptr()->forward_with(rows, activation), dropout.inner, dropout.training);
    return torch::dropout(fc2.ptr()->forward(inner), dropout.outer, dropout.training);
  });
}

Tensor drop_path(const Tensor& x, double rate, bool training) {
  if (rate == 0 || !training) return x;
  std::vector<int64_t> sizes(static_cast<std::size_t>(x.dim()), 1);
  sizes[0] = x.size(0);
  return x * torch::empty(sizes, x.options()).bernoulli_(1 - rate) / (1 - rate);
}

MlpImpl::MlpImpl(const Options& options) {
  for (int64_t i = 0; i < options.depth; ++i) {
    const int64_t in = i == 0 ? options.in : options.hidden;
    const int64_t out = i + 1 == options.depth ? options.out : options.hidden;
    layers_.push_back(register_at(*this, fmt::format("layers.{}", i), Linear(in, out)));
  }
}

Tensor MlpImpl::forward(Tensor x) {
  x = x.to(layers_[0]->weight.scalar_type());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    x = layers_[i](x);
    if (i + 1 < layers_.size()) x = torch::relu(x);
  }
  return x;
}

namespace layers_detail {

torch::nn::Module& parent_of(torch::nn::Module& module, std::string_view key) {
  const auto dot = key.find('.');
  if (dot == std::string_view::npos) return module;
  const std::string name(key.substr(0, dot));
  auto child = module.named_children().contains(name) ? module.named_children()[name]
                                                      : module.register_module(name, std::make_shared<torch::nn::Module>());
  return parent_of(*child, key.substr(dot + 1));
}

std::string last_component(std::string_view key) { return std::string(key.substr(key.rfind('.') + 1)); }

}  // namespace layers_detail
}  // namespace omma
