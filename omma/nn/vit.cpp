#include "omma/nn/vit.h"

#include "omma/base/error.h"
#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma {

VitBlockImpl::VitBlockImpl(const VitBlockOptions& options)
    : heads_(options.heads),
      activation_(options.activation),
      attention_dropout_(options.attention_dropout),
      norm1_(register_at(*this, options.names.norm1, layer_norm(options.hidden_size, options.norm_eps))),
      projection_(register_at(*this, options.names.projection, Linear(options.hidden_size, options.hidden_size))),
      norm2_(register_at(*this, options.names.norm2, layer_norm(options.hidden_size, options.norm_eps))),
      fc1_(register_at(*this, options.names.fc1, Linear(options.hidden_size, options.intermediate_size))),
      fc2_(register_at(*this, options.names.fc2, Linear(options.intermediate_size, options.hidden_size))) {
  const auto projections = static_cast<int64_t>(options.names.qkv.size());
  check(projections == 1 || projections == 3, "vit: qkv: expected the names of one projection or three, got {}", projections);
  const auto sizes = torch::nn::LinearOptions(options.hidden_size, 3 / projections * options.hidden_size).bias(options.qkv_bias);
  for (const std::string& name : options.names.qkv) qkv_.push_back(register_at(*this, name, Linear(sizes)));
}

Tensor VitBlockImpl::forward(const Tensor& x, const Tensor& mask) {
  const Tensor attended = x + attend(norm1_(x), mask);
  return attended + feed_forward(norm2_(attended), fc1_, fc2_, activation_);
}

Tensor VitBlockImpl::attend(const Tensor& x, const Tensor& mask) {
  std::vector<Tensor> qkv;  // each [B, S, C]
  for (Linear& each : qkv_) qkv.push_back(each(x));
  if (qkv.size() == 1) qkv = qkv[0].chunk(3, -1);
  for (Tensor& each : qkv) each = split_heads(each, heads_);  // [B, N, S, D]
  return projection_(merge_heads(attention(qkv[0], qkv[1], qkv[2], mask, is_training() ? attention_dropout_ : 0)));
}

}  // namespace omma
