#include "omma/nn/linear.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

#include "omma/base/error.h"
#include "omma/nn/fused_activation.h"
#include "omma/nn/kernels/kernels_for.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

Tensor same(const Tensor& x) { return x; }
Tensor relu(const Tensor& x) { return torch::relu(x); }
Tensor gelu(const Tensor& x) { return torch::gelu(x); }
Tensor gelu_tanh(const Tensor& x) { return torch::gelu(x, "tanh"); }
Tensor quick_gelu(const Tensor& x) {
  const Tensor scaled = 1.702 * x;
  return torch::GradMode::is_enabled() ? x * torch::sigmoid(scaled) : scaled.sigmoid_().mul_(x);
}
Tensor silu(const Tensor& x) { return torch::silu(x); }

struct KnownActivation {
  std::string_view name;
  Activation function;
  std::string_view fused, algorithm;  // oneDNN's names; "": it has none
};
constexpr std::array<KnownActivation, 7> activations = {{{"linear", same, "", ""},
                                                         {"relu", relu, "relu", ""},
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

constexpr int64_t max_thin_rows = 8;     // up to here a product is bound by reading the weight
constexpr int64_t min_fused_rows = 32;   // and from here on no longer
constexpr int64_t max_wide_rows = 2048;  // up to here oneDNN's packing of the weight counts

// Without gradients, and in the types that there are: autocast knows LibTorch's operators alone.
bool runs_own_kernels() { return !torch::GradMode::is_enabled() && !at::autocast::is_autocast_enabled(at::kCPU); }

// Whether the kernels below can take it: no gradients, and one type on the CPU.
bool is_plain(const Tensor& x, const Tensor& weight) {
  const auto type = x.scalar_type();
  return runs_own_kernels() && x.is_cpu() && weight.is_cpu() && (type == torch::kFloat || type == torch::kBFloat16) &&
         weight.scalar_type() == type && x.size(-1) == weight.size(1);
}

bool suits_thin(const Tensor& x, const Tensor& weight) {
  return is_plain(x, weight) && x.numel() > 0 && x.numel() <= max_thin_rows * weight.size(1) && weight.is_contiguous();
}

bool suits_wide(const Tensor& x, const Tensor& weight) {
  const int64_t values = x.numel();
  return is_plain(x, weight) && x.scalar_type() == torch::kBFloat16 && values > max_thin_rows * weight.size(1) &&
         values <= max_wide_rows * weight.size(1) && weight.size(1) % 2 == 0 && weight.is_contiguous() &&
         wide_linear_kernel() != nullptr;
}

bool suits_fused(const Tensor& x, const Tensor& weight) {
  static const bool mkl_is_faster = is_intel() && at::hasMKL();  // in fp32
  static const bool takes_bf16 = supports(Isa::avx512);          // oneDNN has no products of it for less
  return is_plain(x, weight) && x.numel() >= min_fused_rows * weight.size(1) && fused_linear() != nullptr &&
         (x.scalar_type() == torch::kFloat ? !mkl_is_faster : takes_bf16);
}

template <class Value, class Weight>
void run_thin(void (*kernel)(const ThinLinear<Value, Weight>&, int64_t, int64_t), const Tensor& x, const Tensor& weight,
              const Tensor& scale, const Tensor& bias, const Tensor& output) {
  const ThinLinear<Value, Weight> task{.rows = x.numel() / weight.size(1),
                                       .inputs = weight.size(1),
                                       .outputs = weight.size(0),
                                       .x = static_cast<const Value*>(x.const_data_ptr()),
                                       .weight = static_cast<const Weight*>(weight.const_data_ptr()),
                                       .bias = bias.defined() ? static_cast<const Value*>(bias.const_data_ptr()) : nullptr,
                                       .output = static_cast<Value*>(output.mutable_data_ptr()),
                                       .scale = scale.defined() ? scale.const_data_ptr<float>() : nullptr};
  const int64_t grain = std::max<int64_t>(8, (1 << 16) / task.inputs);  // columns worth a thread
  torch_parallel_for(task.outputs, grain, [&](int64_t begin, int64_t end) { kernel(task, begin, end); });
}

Tensor empty_output(const Tensor& x, const Tensor& weight) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  return torch::empty(sizes, x.options());
}

Tensor run_thin(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor input = x.contiguous(), output = empty_output(x, weight);
  const Tensor shift = bias.defined() ? bias.to(x.scalar_type()).contiguous() : bias;
  const ThinLinearKernels& kernels = thin_linear_kernels_for(best_isa());
  if (x.scalar_type() == torch::kFloat)
    run_thin(kernels.fp32, input, weight, {}, shift, output);
  else
    run_thin(kernels.bf16, input, weight, {}, shift, output);
  return output;
}

bool suits_thin(const Tensor& x, const Int8Weight& weight) {
  const auto type = x.scalar_type();
  return runs_own_kernels() && x.is_cpu() && weight.values.is_cpu() && weight.values.scalar_type() == torch::kInt8 &&
         (type == torch::kFloat || type == torch::kBFloat16) && x.size(-1) == weight.values.size(1) && x.numel() > 0 &&
         x.numel() <= max_thin_rows * weight.values.size(1) && weight.values.is_contiguous();
}

Tensor run_thin(const Tensor& x, const Int8Weight& weight, const Tensor& bias) {
  const Tensor input = x.contiguous(), output = empty_output(x, weight.values);
  const Tensor scale = weight.scale.to(torch::kFloat).contiguous();
  const Tensor shift = bias.defined() ? bias.to(x.scalar_type()).contiguous() : bias;
  const ThinLinearKernels& kernels = thin_linear_kernels_for(best_isa());
  if (x.scalar_type() == torch::kFloat)
    run_thin(kernels.fp32_int8, input, weight.values, scale, shift, output);
  else
    run_thin(kernels.bf16_int8, input, weight.values, scale, shift, output);
  return output;
}

// [..., in] as rows whose values lie side by side.
Tensor as_rows(const Tensor& x) {
  const Tensor rows = x.reshape({-1, x.size(-1)});
  return rows.stride(1) == 1 ? rows : rows.contiguous();
}

Tensor run_wide(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor rows = as_rows(x), output = empty_output(x, weight);
  const Tensor shift = bias.defined() ? bias.to(x.scalar_type()).contiguous() : bias;
  const WideLinear task{.rows = rows.size(0),
                        .inputs = weight.size(1),
                        .outputs = weight.size(0),
                        .x = static_cast<const Bfloat16*>(rows.const_data_ptr()),
                        .x_stride = rows.stride(0),
                        .weight = static_cast<const Bfloat16*>(weight.const_data_ptr()),
                        .bias = bias.defined() ? static_cast<const Bfloat16*>(shift.const_data_ptr()) : nullptr,
                        .output = static_cast<Bfloat16*>(output.mutable_data_ptr())};
  const WideLinearKernel& kernel = *wide_linear_kernel();
  const auto pieces = [](int64_t count, int64_t size) { return (count + size - 1) / size; };
  const int64_t tiles = pieces(task.rows, kernel.tile_rows) * pieces(task.outputs, kernel.tile_columns);
  const int64_t grain = std::max<int64_t>(1, (1 << 20) / (kernel.tile_rows * kernel.tile_columns * task.inputs));  // worth a thread
  torch_parallel_for(tiles, grain, [&](int64_t begin, int64_t end) {
    const auto bytes = static_cast<std::size_t>(kernel.tile_columns * ((task.inputs + 31) / 32 * 32)) * sizeof(Bfloat16);
    const at::DataPtr scratch = c10::GetCPUAllocator()->allocate(bytes);  // aligned to 64 bytes
    kernel.fill(task, begin, end, static_cast<Bfloat16*>(scratch.get()));
  });
  return output;
}

Tensor run_fused(const Tensor& x, const Tensor& weight, const Tensor& bias, std::string_view activation,
                 std::string_view algorithm) {
  return fused_linear()->call(x, weight, bias.defined() ? std::make_optional(bias) : std::nullopt,
                              {activation.data(), activation.size()}, c10::List<std::optional<at::Scalar>>(),
                              c10::string_view(algorithm.data(), algorithm.size()));
}

}  // namespace

FusedActivation fused_activation(Activation activation) {
  const auto known = std::ranges::find(activations, activation, &KnownActivation::function);
  return known == activations.end() ? FusedActivation{} : FusedActivation{known->fused, known->algorithm};
}

bool is_activation(std::string_view name) {
  return std::any_of(activations.begin(), activations.end(), [&](const auto& known) { return known.name == name; });
}

Activation activation_by_name(std::string_view name) {
  for (const KnownActivation& known : activations)
    if (known.name == name) return known.function;
  fail("activation: expected relu, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu or silu, got \"{}\"", name);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (suits_thin(x, weight)) return run_thin(x, weight, bias);
  if (suits_wide(x, weight)) return run_wide(x, weight, bias);
  if (suits_fused(x, weight)) return run_fused(x, weight, bias, "none", "");
  return torch::linear(x, weight, bias);
}

Int8Weight int8_weight(const Tensor& weight) {
  const Tensor values = weight.to(torch::kFloat32);
  const Tensor scale = (values.abs().amax(1, /*keepdim=*/true) / 127).clamp_min(std::numeric_limits<float>::min());
  return {.values = (values / scale).round().to(torch::kInt8), .scale = scale};
}

Tensor linear(const Tensor& x, const Int8Weight& weight, const Tensor& bias) {
  if (suits_thin(x, weight)) return run_thin(x, weight, bias);
  const auto type = x.scalar_type();
  const Tensor shift = bias.defined() ? bias.to(type) : bias;
  if (type == torch::kHalf) return omma::linear(x, (weight.values * weight.scale).to(type), shift);  // sums would leave its range
  const Tensor y = (omma::linear(x, weight.values.to(type)) * weight.scale.flatten()).to(type);      // 8 bits are exact in any type
  return shift.defined() ? y + shift : y;
}

Tensor linear_with(Activation activation, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const FusedActivation fused = fused_activation(activation);
  if (fused.name.empty() || suits_wide(x, weight) || !suits_fused(x, weight)) return activation(linear(x, weight, bias));
  return run_fused(x, weight, bias, fused.name, fused.algorithm);
}

LinearImpl::LinearImpl(const torch::nn::LinearOptions& sizes, bool int8) : torch::nn::LinearImpl(sizes) {
  if (!int8) return;
  parameters_.erase("weight");
  weight = register_buffer("weight", torch::zeros({sizes.out_features(), sizes.in_features()}, torch::kInt8));
  weight_scale_ = register_buffer("weight_scale", torch::ones({sizes.out_features(), 1}));
}

void LinearImpl::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  if (is_int8())
    Module::to(device, non_blocking);
  else
    Module::to(device, dtype, non_blocking);
}

void LinearImpl::to(torch::Dtype dtype, bool non_blocking) {
  if (!is_int8()) Module::to(dtype, non_blocking);
}

void LinearImpl::set_blocks(const BlockWeight& blocks) {
  check(blocks.in == options.in_features() && blocks.out() == options.out_features(),
        "linear: expected a weight of [{}, {}], got blocks of [{}, {}]", options.out_features(), options.in_features(),
        blocks.out(), blocks.in);
  parameters_.erase("weight");
  weight = Tensor();
  blocks_ = blocks;
}

Tensor LinearImpl::forward(const Tensor& x) {
  if (is_int8()) return omma::linear(x, Int8Weight{.values = weight, .scale = weight_scale_}, bias);
  const Tensor own = blocks_ ? omma::linear(x, *blocks_, bias) : omma::linear(x, weight, bias);
  return adapter_ ? own + adapted(x).to(own.scalar_type()) : own;
}

Tensor LinearImpl::adapted(const Tensor& x) {
  const Tensor input = torch::dropout(x.to(adapter_->a.scalar_type()), adapter_->dropout, is_training());
  return omma::linear(adapter_->scale * omma::linear(input, adapter_->a), adapter_->b);
}

Tensor LinearImpl::full_weight() const {
  if (is_int8()) return weight * weight_scale_;
  const Tensor own = blocks_ ? to_dense(*blocks_, torch::kFloat32) : weight;
  if (!adapter_) return own;
  return own + (adapter_->scale * torch::matmul(adapter_->b, adapter_->a)).to(own.scalar_type());
}

Linear folded_linear(int64_t in, int64_t out) {
  Linear layer(in, out);
  layer->set_folded();
  return layer;
}

Tensor LinearImpl::forward_with(const Tensor& x, Activation activation) {
  return adapter_ || blocks_ || is_int8() ? activation(forward(x)) : linear_with(activation, x, weight, bias);
}

}  // namespace omma
