#include "omma/nn/int8_linear.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/parallel.h"
#include "omma/nn/row_blocks.h"

namespace omma {
namespace {

constexpr int byte_zero = 128;  // the product takes inputs as bytes, which stand for q + 128

// oneDNN's product of 8-bit numbers. Called with boxed arguments: their C++ types change from one LibTorch to the next.
struct Int8Operators {
  c10::OperatorHandle prepack, product;
};

// Null where this LibTorch was built without it, or the processor would lose sums of 16 bits.
const Int8Operators* int8_operators() {
  static const auto found = []() -> std::optional<Int8Operators> {
    const auto prepack = c10::Dispatcher::singleton().findSchema({"onednn::qlinear_prepack", ""});
    const auto product = c10::Dispatcher::singleton().findSchema({"onednn::qlinear_pointwise", ""});
    const auto is_there = [](const auto& schema) { return schema && schema->hasKernelForDispatchKey(c10::DispatchKey::CPU); };
    if (!is_there(prepack) || !is_there(product) || !at::globalContext().hasMKLDNN() || !has_int8_products()) return std::nullopt;
    return Int8Operators{*prepack, *product};
  }();
  return found ? &*found : nullptr;
}

template <class... Arguments>
Tensor call(const c10::OperatorHandle& function, Arguments&&... arguments) {
  torch::jit::Stack stack{c10::IValue(std::forward<Arguments>(arguments))...};
  function.callBoxed(stack);
  return stack.at(0).toTensor();
}

// [M, K] fp32 or bf16 to bytes.
Tensor quantized(const Tensor& rows, float scale, int zero_point) {
  Tensor bytes = torch::empty(rows.sizes(), rows.options().dtype(torch::kUInt8));
  const QuantizeKernels& kernels = quantize_kernels_for(best_isa());
  const Quantization quantization{.inverse_scale = 1 / scale, .zero_point = static_cast<float>(zero_point)};
  auto* output = bytes.mutable_data_ptr<std::uint8_t>();
  const void* input = rows.const_data_ptr();
  torch_parallel_for(rows.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
    if (rows.scalar_type() == torch::kFloat)
      kernels.fp32(static_cast<const float*>(input) + begin, end - begin, quantization, output + begin);
    else
      kernels.bf16(static_cast<const Bfloat16*>(input) + begin, end - begin, quantization, output + begin);
  });
  return bytes;
}

}  // namespace

torch::Dtype dtype_beside_int8() { return has_bf16_products() ? torch::kBFloat16 : torch::kFloat32; }

bool has_int8_product() { return int8_operators() != nullptr; }

struct QuantizableLinearImpl::Prepared {
  bool is_int8;
  torch::Dtype dtype;    // of inputs; where it is int8, of any
  torch::Device device;  // of inputs
  Tensor weight;         // packed, or numbers of this type
  Tensor bias;
  float input_scale;
  int input_zero;                     // as a byte
  Tensor weight_scale, weight_zeros;  // [out]
};

QuantizableLinearImpl::QuantizableLinearImpl(const torch::nn::LinearOptions& sizes, bool int8) : LinearImpl(sizes, int8) {
  if (!int8) return;
  input_scale_ = register_buffer("input_scale", torch::ones({1}));
  input_zero_point_ = register_buffer("input_zero_point", torch::zeros({1}, torch::kInt8));
}

void QuantizableLinearImpl::quantize(const LinearImpl& layer, Int8Range input) {
  const torch::NoGradGuard no_grad;
  check(layer.weight.sizes() == weight.sizes(), "int8 linear: expected a weight {}, got {}", shape(weight), shape(layer.weight));
  const Int8Weight made = int8_weight(layer.weight);
  weight_scale_.copy_(made.scale);
  weight.copy_(made.values);
  if (bias.defined()) bias.copy_(layer.bias);
  input_scale_.fill_(input.scale);
  input_zero_point_.fill_(input.zero_point);
  const std::lock_guard lock(mutex_);
  prepared_.reset();
}

bool QuantizableLinearImpl::suits(const Tensor& x) const {
  return x.is_cpu() && x.numel() > 0 && weight.is_cpu() && !torch::GradMode::is_enabled() &&
         at::globalContext().userEnabledMkldnn() && int8_operators() != nullptr;
}

void QuantizableLinearImpl::expect_width(const Tensor& x) const {
  check(x.dim() > 0 && x.size(-1) == weight.size(1), "int8 linear: expected [..., {}], got {}", weight.size(1), shape(x));
}

std::shared_ptr<const QuantizableLinearImpl::Prepared> QuantizableLinearImpl::prepared_for(const Tensor& x) {
  const bool is_int8 = suits(x);
  const std::lock_guard lock(mutex_);
  const bool fits = prepared_ && prepared_->is_int8 == is_int8 && prepared_->device == x.device() &&
                    (is_int8 || prepared_->dtype == x.scalar_type());
  if (fits) return prepared_;
  const c10::InferenceMode usual(false);  // what is kept may meet gradients later
  const torch::NoGradGuard no_grad;
  check(least_scale() > 0, "int8 linear: expected scales above 0, got {}", least_scale());
  Prepared made{.is_int8 = is_int8,
                .dtype = x.scalar_type(),
                .device = x.device(),
                .weight = {},
                .bias = bias,
                .input_scale = input_scale_.item<float>(),
                .input_zero = input_zero_point_.item<int>() + byte_zero,
                .weight_scale = weight_scale_.flatten(),
                .weight_zeros = torch::zeros({weight.size(0)}, torch::kInt32)};
  if (is_int8) {
    made.weight = call(int8_operators()->prepack, weight, c10::IValue());
  } else {
    made.weight = (weight * weight_scale_).to(x.options());
    if (bias.defined()) made.bias = bias.to(x.options());
  }
  prepared_ = std::make_shared<const Prepared>(std::move(made));
  return prepared_;
}

Tensor QuantizableLinearImpl::product(const Tensor& x, FusedActivation activation) {
  const auto prepared = prepared_for(x);
  const bool kernel_type = x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kBFloat16;
  const Tensor rows = (kernel_type ? x : x.to(torch::kFloat)).reshape({-1, x.size(-1)}).contiguous();  // [M, K]
  const Tensor y =
      call(int8_operators()->product, quantized(rows, prepared->input_scale, prepared->input_zero),
           static_cast<double>(prepared->input_scale), static_cast<int64_t>(prepared->input_zero), prepared->weight,
           prepared->weight_scale, prepared->weight_zeros, prepared->bias.defined() ? c10::IValue(prepared->bias) : c10::IValue(),
           /*output_scale=*/1.0, /*output_zero_point=*/int64_t{0}, static_cast<int64_t>(rows.scalar_type()),
           std::string(activation.name), c10::List<std::optional<at::Scalar>>(), std::string(activation.algorithm));
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  return y.view(sizes).to(x.scalar_type());
}

Tensor QuantizableLinearImpl::forward(const Tensor& x) {
  if (watch) watch(x);
  if (!is_int8()) return LinearImpl::forward(x);
  expect_width(x);
  if (suits(x)) return product(x, {"none", ""});
  const auto prepared = prepared_for(x);
  return omma::linear(x, prepared->weight, prepared->bias);
}

Tensor QuantizableLinearImpl::forward_with(const Tensor& x, Activation activation) {
  const FusedActivation fused = fused_activation(activation);
  if (is_int8()) expect_width(x);
  if (is_int8() && (fused.name.empty() || !suits(x))) return activation(forward(x));
  if (watch) watch(x);
  return is_int8() ? product(x, fused) : LinearImpl::forward_with(x, activation);
}

float QuantizableLinearImpl::least_scale() const {
  return std::min(input_scale_.min().item<float>(), weight_scale_.min().item<float>());
}

void expect_scales(const torch::nn::Module& model, std::string_view where) {
  Faults faults{std::string(where)};
  for (const auto& item : model.named_modules()) {
    const auto layer = std::dynamic_pointer_cast<QuantizableLinearImpl>(item.value());
    if (!layer || !layer->is_int8()) continue;
    faults.expect(layer->least_scale() > 0, "{}: scales: expected more than 0, got {}", item.key(), layer->least_scale());
  }
  faults.raise();
}

Tensor feed_forward(const Tensor& x, const QuantizableLinear& fc1, const QuantizableLinear& fc2, Activation activation) {
  return in_row_blocks(x, fc2->options.out_features(),
                       [&](const Tensor& rows) { return fc2.ptr()->forward(fc1.ptr()->forward_with(rows, activation)); });
}

}  // namespace omma
