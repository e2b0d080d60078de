#include "omma/nn/deformable_attention.h"

#include <fmt/ranges.h>
#include <torch/nn/functional/vision.h>

#include <algorithm>
#include <array>
#include <limits>

#include "omma/base/error.h"
#include "omma/nn/deformable_attention_cpu.h"
#if defined(OMMA_CUDA)
#include "omma/nn/deformable_attention_cuda.h"
#endif

namespace omma {
namespace {

// S; the kernels count positions in 32 bits.
int64_t count_positions(const LevelShapes& levels) {
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  int64_t sum = 0;
  for (const auto& [height, width] : levels) {
    check(height > 0 && width > 0 && height <= most / width && height * width <= most - sum,
          "deformable attention: levels: expected positive sizes of at most {} positions in all, got {} x {}", most, height, width);
    sum += height * width;
  }
  return sum;
}

void check_inputs(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights) {
  check(value.dim() == 4, "deformable attention: value: expected [B, S, N, D], got {}", value.sizes().vec());
  check(locations.dim() == 6, "deformable attention: locations: expected [B, Q, N, L, P, 2], got {}", locations.sizes().vec());
  const auto positions = count_positions(levels);
  check(value.size(1) == positions, "deformable attention: value: expected {} positions for its levels, got {}", positions,
        value.size(1));
  std::vector<int64_t> expected = {value.size(0), locations.size(1), value.size(2), int64_t(levels.size()), locations.size(4), 2};
  check(locations.sizes().equals(expected), "deformable attention: locations: expected {}, got {}", expected,
        locations.sizes().vec());
  expected.pop_back();
  check(weights.sizes().equals(expected), "deformable attention: weights: expected {}, got {}", expected, weights.sizes().vec());
  for (const auto& x : {value, locations, weights})
    check(x.is_floating_point() && x.device() == value.device(),
          "deformable attention: expected floating point on {}, got {} on {}", value.device().str(), x.dtype().name(),
          x.device().str());
}

// Whether a kernel of ours runs for this value; where none does, the composition does.
bool has_kernel(const Tensor& value, [[maybe_unused]] const LevelShapes& levels) {
#if defined(OMMA_CUDA)
  if (value.is_cuda()) return has_cuda_kernel(value.scalar_type(), levels);
#endif
  return value.is_cpu();
}

Tensor run_forward(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights) {
#if defined(OMMA_CUDA)
  if (value.is_cuda()) return deformable_forward_cuda(value, levels, locations, weights);
#endif
  return deformable_forward_cpu(value, levels, locations, weights, best_isa());
}

DeformableGradients run_backward(const Tensor& grad_output, const Tensor& value, const LevelShapes& levels, const Tensor& locations,
                                 const Tensor& weights) {
#if defined(OMMA_CUDA)
  if (value.is_cuda()) return deformable_backward_cuda(grad_output, value, levels, locations, weights);
#endif
  return deformable_backward_cpu(grad_output, value, levels, locations, weights, best_isa());
}

class DeformableFunction : public torch::autograd::Function<DeformableFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& value, const Tensor& locations,
                        const Tensor& weights, const LevelShapes* levels) {
    std::vector<int64_t> sizes;
    for (const auto& [height, width] : *levels) sizes.insert(sizes.end(), {height, width});
    context->save_for_backward({value, locations, weights});
    context->saved_data["levels"] = sizes;
    return run_forward(value, *levels, locations, weights);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               const torch::autograd::tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto sizes = context->saved_data["levels"].toIntVector();
    LevelShapes levels;
    for (size_t i = 0; i < sizes.size(); i += 2) levels.emplace_back(sizes[i], sizes[i + 1]);
    const auto found = run_backward(gradients[0].contiguous(), saved[0], levels, saved[1], saved[2]);
    return {found.value, found.locations, found.weights, Tensor()};
  }
};

}  // namespace

Tensor deformable_attention_reference(const Tensor& value, const LevelShapes& levels, const Tensor& locations,
                                      const Tensor& weights) {
  check_inputs(value, levels, locations, weights);
  const auto batch = value.size(0), heads = value.size(2), channels = value.size(3), queries = locations.size(1);
  const auto maps = value.to(locations.scalar_type()).permute({0, 2, 3, 1});              // [B, N, D, S]
  const auto grids = (2 * locations - 1).transpose(1, 2).flatten(0, 1);                   // [B N, Q, L, P, 2]
  const auto shares = weights.to(locations.scalar_type()).transpose(1, 2).flatten(0, 1);  // [B N, Q, L, P]
  auto sum = torch::zeros({batch * heads, channels, queries}, locations.options());
  int64_t start = 0;
  for (size_t level = 0; level < levels.size(); ++level) {
    const auto [height, width] = levels[level];
    const auto map = maps.narrow(3, start, height * width).reshape({batch * heads, channels, height, width});
    const auto options =
        torch::nn::functional::GridSampleFuncOptions().mode(torch::kBilinear).padding_mode(torch::kZeros).align_corners(false);
    const auto samples = torch::nn::functional::grid_sample(map, grids.select(2, int64_t(level)), options);  // [B N, D, Q, P]
    sum = sum + (samples * shares.select(2, int64_t(level)).unsqueeze(1)).sum(3);
    start += height * width;
  }
  return sum.reshape({batch, heads * channels, queries}).transpose(1, 2).contiguous().to(value.scalar_type());  // [B, Q, N D]
}

Tensor deformable_attention(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights) {
  check_inputs(value, levels, locations, weights);
  if (!has_kernel(value, levels)) return deformable_attention_reference(value, levels, locations, weights);
  const auto type = value.scalar_type();
  const auto sampled = type == at::kHalf && value.is_cpu() ? value.to(at::kFloat) : value;
  const auto real = type == at::kDouble ? at::kDouble : at::kFloat;
  const auto inputs = std::array{sampled.stride(3) == 1 ? sampled : sampled.contiguous(), locations.to(real).contiguous(),
                                 weights.to(real).contiguous()};
  const bool differentiate =
      torch::GradMode::is_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) { return x.requires_grad(); });
  const auto output = differentiate ? DeformableFunction::apply(inputs[0], inputs[1], inputs[2], &levels)
                                    : run_forward(inputs[0], levels, inputs[1], inputs[2]);
  return output.to(type);
}

}  // namespace omma
