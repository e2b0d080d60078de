#include "omma/nn/linear.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <array>
#include <optional>

#include "omma/base/error.h"

namespace omma {
namespace {

Tensor relu(const Tensor& x) { return torch::relu(x); }
Tensor gelu(const Tensor& x) { return torch::gelu(x); }
Tensor gelu_tanh(const Tensor& x) { return torch::gelu(x, "tanh"); }
Tensor quick_gelu(const Tensor& x) { return x * torch::sigmoid(1.702 * x); }
Tensor silu(const Tensor& x) { return torch::silu(x); }

struct KnownActivation {
  std::string_view name;
  Activation function;
  std::string_view fused, algorithm;  // oneDNN's names; "": it has none
};
constexpr std::array<KnownActivation, 6> activations = {{{"relu", relu, "relu", ""},
                                                         {"gelu", gelu, "gelu", "none"},
                                                         {"gelu_new", gelu_tanh, "gelu", "tanh"},
                                                         {"gelu_pytorch_tanh", gelu_tanh, "gelu", "tanh"},
                                                         {"quick_gelu", quick_gelu, "", ""},
                                                         {"silu", silu, "swish", ""}}};

using FusedLinear = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, c10::string_view,
                           c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);

// oneDNN's linear with an activation, null where this LibTorch was built without it.
const c10::TypedOperatorHandle<FusedLinear>* fused_linear() {
  static const auto handle = []() -> std::optional<c10::TypedOperatorHandle<FusedLinear>> {
    const auto schema = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!schema || !at::globalContext().hasMKLDNN()) return std::nullopt;
    return schema->typed<FusedLinear>();
  }();
  return handle ? &*handle : nullptr;
}

constexpr int64_t least_rows = 32;  // below, a product is bound by reading the weight

bool suits_fused(const Tensor& x, const torch::nn::LinearImpl& layer) {
  const auto type = x.scalar_type();
  return !torch::GradMode::is_enabled() && x.is_cpu() && (type == torch::kFloat || type == torch::kBFloat16) &&
         layer.weight.scalar_type() == type && x.numel() >= least_rows * layer.weight.size(1) && fused_linear() != nullptr;
}

Tensor run_fused(const Tensor& x, const torch::nn::LinearImpl& layer, std::string_view activation, std::string_view algorithm) {
  const auto bias = layer.bias.defined() ? std::make_optional(layer.bias) : std::nullopt;
  return fused_linear()->call(x, layer.weight, bias, {activation.data(), activation.size()}, c10::List<std::optional<at::Scalar>>(),
                              c10::string_view(algorithm.data(), algorithm.size()));
}

}  // namespace

bool is_activation(std::string_view name) {
  return std::any_of(activations.begin(), activations.end(), [&](const auto& known) { return known.name == name; });
}

Activation activation_by_name(std::string_view name) {
  for (const KnownActivation& known : activations)
    if (known.name == name) return known.function;
  fail("activation: expected relu, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu or silu, got \"{}\"", name);
}

Tensor LinearImpl::forward(const Tensor& x) {
  return suits_fused(x, *this) ? run_fused(x, *this, "none", "") : torch::nn::LinearImpl::forward(x);
}

Tensor LinearImpl::forward_with(const Tensor& x, Activation activation) {
  const auto* known = std::find_if(activations.begin(), activations.end(),
                                   [&](const KnownActivation& each) { return each.function == activation && !each.fused.empty(); });
  if (known == activations.end() || !suits_fused(x, *this)) return activation(forward(x));
  return run_fused(x, *this, known->fused, known->algorithm);
}

}  // namespace omma
