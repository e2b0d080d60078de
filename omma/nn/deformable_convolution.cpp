#include "omma/nn/deformable_convolution.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "omma/base/error.h"
#include "omma/nn/deformable_convolution_cpu.h"
#include "omma/nn/tensor.h"
#if defined(OMMA_CUDA)
#include "omma/nn/deformable_convolution_cuda.h"
#endif

namespace omma {
namespace {

constexpr int64_t kLongestSide = 1 << 24;  // in pixels, with padding: fp32 counts so far

using Operands = DeformableConvolutionOperands;

// Ho of H, or Wo of W.
int64_t output_size(int64_t size, int64_t taps, const DeformableFilter& filter) {
  const auto padded = size + 2 * filter.padding, reach = filter.dilation * (taps - 1) + 1;
  check(size >= 1 && padded <= kLongestSide, "deformable convolution: input: expected sides of 1 to {} pixels with padding, got {}",
        kLongestSide, padded);
  check(reach <= padded, "deformable convolution: {} taps with dilation {} reach over {} pixels, got {} with padding", taps,
        filter.dilation, reach, padded);
  return (padded - reach) / filter.stride + 1;
}

void check_numbers(const DeformableFilter& filter) {
  for (const auto& [name, number, least] : {std::tuple("stride", filter.stride, 1), std::tuple("padding", filter.padding, 0),
                                            std::tuple("dilation", filter.dilation, 1)})
    check(number >= least && number <= kLongestSide, "deformable convolution: {}: expected {} to {}, got {}", name, least,
          kLongestSide, number);
}

void check_operands(const Tensor& input, const Tensor& offsets, const Tensor& mask, const DeformableFilter& filter) {
  const auto expect = [](const Tensor& x, const char* name, const std::vector<int64_t>& expected) {
    check(x.sizes().equals(expected), "deformable convolution: {}: expected {}, got {}", name, expected, shape(x));
  };
  for (const auto* x : {&input, &offsets, &mask, &filter.weight})
    check(x->defined() && x->is_floating_point() && x->device() == input.device(),
          "deformable convolution: expected floating point on {}, got {}", input.defined() ? input.device().str() : "a device",
          x->defined() ? fmt::format("{} on {}", x->dtype().name(), x->device().str()) : "an undefined tensor");
  check(input.dim() == 4, "deformable convolution: input: expected [B, C, H, W], got {}", shape(input));
  const auto& weight = filter.weight;
  check(weight.dim() == 4 && weight.numel() > 0 && weight.size(1) == input.size(1),
        "deformable convolution: weight: expected [Cout, {}, kh, kw], got {}", input.size(1), shape(weight));
  check_numbers(filter);
  const auto height = output_size(input.size(2), weight.size(2), filter),
             width = output_size(input.size(3), weight.size(3), filter);
  check(input.size(2) * input.size(3) < int64_t{1} << 31,
        "deformable convolution: input: expected fewer than 2^31 positions, got {}", shape(input));
  const auto taps = weight.size(2) * weight.size(3);
  expect(offsets, "offsets", {input.size(0), 2 * taps, height, width});
  expect(mask, "mask", {input.size(0), taps, height, width});
  if (filter.bias.defined()) expect(filter.bias, "bias", {weight.size(0)});
}

at::ScalarType computed_in(const Tensor& input) { return input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

// Whether a kernel of ours runs for this input; where none does, the composition does.
bool has_convolution_kernel(const Tensor& input) {
#if defined(OMMA_CUDA)
  if (input.is_cuda()) return computed_in(input) == at::kFloat;
#endif
  return input.is_cpu();
}

Tensor run_forward(const Operands& operands) {
#if defined(OMMA_CUDA)
  if (operands.maps.is_cuda()) return deformable_convolution_forward_cuda(operands);
#endif
  return deformable_convolution_forward_cpu(operands, best_isa());
}

DeformableConvolutionGrads run_backward(const Tensor& grad_output, const Operands& operands) {
#if defined(OMMA_CUDA)
  if (operands.maps.is_cuda()) return deformable_convolution_backward_cuda(grad_output, operands);
#endif
  return deformable_convolution_backward_cpu(grad_output, operands, best_isa());
}

class DeformableConvolutionFunction : public torch::autograd::Function<DeformableConvolutionFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& maps, const Tensor& offsets, const Tensor& mask,
                        const Tensor& filter, const Operands* operands) {
    context->save_for_backward({maps, offsets, mask, filter});
    context->saved_data["steps"] = std::vector<int64_t>{operands->stride, operands->padding, operands->dilation};
    return run_forward(*operands);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               const torch::autograd::tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto steps = context->saved_data["steps"].toIntVector();
    const auto found =
        run_backward(gradients[0].contiguous(), {saved[0], saved[1], saved[2], saved[3], steps[0], steps[1], steps[2]});
    return {found.maps, found.offsets, found.mask, found.filter, Tensor()};
  }
};

// Of maps [B, C, H, W], the bilinear samples [B, C, Ho, Wo] at y and x [B, Ho, Wo].
Tensor bilinear_samples(const Tensor& maps, const Tensor& y, const Tensor& x) {
  const auto height = maps.size(2), width = maps.size(3);
  const auto reachable = (y > -1).logical_and(y < height).logical_and(x > -1).logical_and(x < width);
  const auto row = torch::where(reachable, y, -2), column = torch::where(reachable, x, -2);
  const auto top = row.detach().floor(), left = column.detach().floor();
  const auto below = row - top, beyond = column - left;  // 0..1
  auto sum = torch::zeros({maps.size(0), maps.size(1), y.size(1) * y.size(2)}, maps.options());
  for (const int down : {0, 1}) {
    for (const int right : {0, 1}) {
      const auto v = top + down, u = left + right;
      const auto inside = (v >= 0).logical_and(v < height).logical_and(u >= 0).logical_and(u < width);
      const auto index = v.clamp(0, height - 1).to(at::kLong) * width + u.clamp(0, width - 1).to(at::kLong);
      const auto share = (down ? below : 1 - below) * (right ? beyond : 1 - beyond) * inside;
      const auto indices = index.flatten(1).unsqueeze(1).expand_as(sum);
      sum = sum + maps.flatten(2).gather(2, indices) * share.flatten(1).unsqueeze(1);
    }
  }
  return sum.view({maps.size(0), maps.size(1), y.size(1), y.size(2)});
}

}  // namespace

Tensor deformable_convolution_reference(const Tensor& input, const Tensor& offsets, const Tensor& mask,
                                        const DeformableFilter& filter) {
  check_operands(input, offsets, mask, filter);
  const auto type = computed_in(input);
  const auto maps = input.to(type), places = offsets.to(type), shares = mask.to(type), weight = filter.weight.to(type);
  const auto rows = torch::arange(mask.size(2), maps.options()).unsqueeze(1) * filter.stride - filter.padding;  // [Ho, 1]
  const auto columns = torch::arange(mask.size(3), maps.options()) * filter.stride - filter.padding;            // [Wo]
  auto sum = torch::zeros({input.size(0), weight.size(0), mask.size(2), mask.size(3)}, maps.options());
  for (int64_t tap = 0; tap < mask.size(1); ++tap) {
    const auto i = tap / weight.size(3), j = tap % weight.size(3);
    const auto y = rows + i * filter.dilation + places.select(1, 2 * tap);
    const auto x = columns + j * filter.dilation + places.select(1, 2 * tap + 1);
    const auto samples = bilinear_samples(maps, y, x) * shares.narrow(1, tap, 1);  // [B, C, Ho, Wo]
    sum = sum + torch::einsum("oc,bcyx->boyx", {weight.select(3, j).select(2, i), samples});
  }
  if (filter.bias.defined()) sum = sum + filter.bias.to(type).view({1, -1, 1, 1});
  return sum.to(input.scalar_type());
}

Tensor deformable_convolution(const Tensor& input, const Tensor& offsets, const Tensor& mask, const DeformableFilter& filter) {
  check_operands(input, offsets, mask, filter);
  if (!has_convolution_kernel(input)) return deformable_convolution_reference(input, offsets, mask, filter);
  const auto type = computed_in(input);
  const Operands operands = {.maps = input.to(type).permute({0, 2, 3, 1}).contiguous(),
                             .offsets = offsets.to(type).contiguous(),
                             .mask = mask.to(type).contiguous(),
                             .filter = filter.weight.to(type).permute({0, 2, 3, 1}).contiguous(),
                             .stride = filter.stride,
                             .padding = filter.padding,
                             .dilation = filter.dilation};
  const auto inputs = std::array{operands.maps, operands.offsets, operands.mask, operands.filter};
  const bool differentiate =
      torch::GradMode::is_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) { return x.requires_grad(); });
  auto output = differentiate ? DeformableConvolutionFunction::apply(inputs[0], inputs[1], inputs[2], inputs[3], &operands)
                              : run_forward(operands);
  if (filter.bias.defined()) output.add_(filter.bias.to(type).view({1, -1, 1, 1}));
  return output.to(input.scalar_type());
}

Tensor reinterpreted_maps(const Tensor& maps, int64_t height, int64_t width) {
  check(maps.dim() == 4, "reinterpreted maps: expected [B, M, H, W], got {}", shape(maps));
  const auto most = maps.size(2) * maps.size(3);
  check(height >= 0 && width >= 0 && (height == 0 || width <= most / height),
        "reinterpreted maps: expected a size of at most the {} numbers of a map {}, got {} x {}", most, shape(maps), height, width);
  return maps.flatten(1).narrow(1, 0, maps.size(1) * height * width).unflatten(1, {maps.size(1), height, width});
}

}  // namespace omma
