#include "omma/nn/position.h"

#include <numbers>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr double turn = 2 * std::numbers::pi;

// Angles [...] -> [..., C]: sin and cos of angle / temperature^(2i/C), interleaved.
Tensor interleaved(const Tensor& angles, int64_t channels, double temperature) {
  check(channels > 0 && channels % 2 == 0, "sine embedding: expected an even number of channels, got {}", channels);
  const Tensor exponents = torch::arange(0, channels, 2, angles.options().dtype(torch::kFloat32)) / channels;
  const Tensor scaled = angles.unsqueeze(-1) / torch::pow(temperature, exponents);  // [..., C / 2]
  return torch::stack({scaled.sin(), scaled.cos()}, -1).flatten(-2);
}

}  // namespace

Tensor sine_embedding(const Tensor& coordinates, int64_t channels, double temperature) {
  Tensor embedded = interleaved(coordinates.to(torch::kFloat32) * turn, channels, temperature);  // [..., K, C]
  if (embedded.size(-2) < 2) return embedded.flatten(-2);
  const int64_t others = embedded.size(-2) - 2;
  return torch::cat({embedded.narrow(-2, 0, 2).flip({-2}), embedded.narrow(-2, 2, others)}, -2).flatten(-2);
}

Tensor sine_embedding_of_grid(const Tensor& mask, int64_t channels, double temperature) {
  constexpr double eps = 1e-6;
  const auto angles = [&](int64_t dim) {
    const Tensor count = mask.cumsum(dim, torch::kFloat32);  // [B, H, W], from 1
    return interleaved(count / (count.narrow(dim, mask.size(dim) - 1, 1) + eps) * turn, channels, temperature);
  };
  return torch::cat({angles(1), angles(2)}, -1).flatten(1, 2);  // (y, x): [B, H W, 2 C]
}

}  // namespace omma
