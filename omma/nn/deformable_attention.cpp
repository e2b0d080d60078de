#include "omma/nn/deformable_attention.h"

#include <fmt/ranges.h>

#include "omma/base/error.h"

namespace omma {
namespace {

int64_t positions(const LevelShapes& levels) {
  int64_t sum = 0;
  for (const auto& [height, width] : levels) sum += height * width;
  return sum;
}

void check_shapes(const Tensor& value, const LevelShapes& levels, const Tensor& locations, const Tensor& weights) {
  check(value.dim() == 4, "deformable attention: value: expected [B, S, N, D], got {}", value.sizes().vec());
  for (const auto& [height, width] : levels)
    check(height > 0 && width > 0, "deformable attention: levels: expected positive sizes, got {} x {}", height, width);
  check(value.size(1) == positions(levels), "deformable attention: value: expected {} positions for the levels, got {}",
        positions(levels), value.size(1));
  check(locations.dim() == 6 && locations.size(5) == 2, "deformable attention: locations: expected [B, Q, N, L, P, 2], got {}",
        locations.sizes().vec());
  const std::vector<int64_t> expected = {value.size(0),          locations.size(1), value.size(2),
                                         int64_t(levels.size()), locations.size(4), 2};
  check(locations.sizes().vec() == expected, "deformable attention: locations: expected {}, got {}", expected,
        locations.sizes().vec());
  check(weights.sizes() == locations.sizes().slice(0, 5), "deformable attention: weights: expected {}, got {}",
        locations.sizes().slice(0, 5).vec(), weights.sizes().vec());
}

}  // namespace

Tensor deformable_attention_reference(const Tensor& value, const LevelShapes& levels, const Tensor& locations,
                                      const Tensor& weights) {
  check_shapes(value, levels, locations, weights);
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
  return deformable_attention_reference(value, levels, locations, weights);
}

}  // namespace omma
