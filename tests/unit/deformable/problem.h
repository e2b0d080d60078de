// Random inputs of deformable attention.
#pragma once

#include <vector>

#include "omma/nn/deformable_attention.h"
#include "omma/nn/kernels/isa.h"

namespace omma::deformable_test {

struct Sizes {
  int64_t batch = 2, queries = 7, heads = 3, channels = 5, points = 3;
  LevelShapes levels = {{5, 7}, {3, 4}, {1, 2}};
};

struct Problem {
  LevelShapes levels;
  Tensor value, locations, weights;

  // Locations reach beyond the maps; weights are softmaxed over a head's samples.
  explicit Problem(const Sizes& sizes, at::ScalarType type = at::kFloat) : levels(sizes.levels) {
    torch::manual_seed(sizes.channels);
    int64_t positions = 0;
    for (const auto& [height, width] : levels) positions += height * width;
    const auto count = int64_t(levels.size());
    const auto options = torch::dtype(type);
    value = torch::randn({sizes.batch, positions, sizes.heads, sizes.channels}, options);
    locations = 1.6 * torch::rand({sizes.batch, sizes.queries, sizes.heads, count, sizes.points, 2}, options) - 0.3;
    weights = torch::randn({sizes.batch, sizes.queries, sizes.heads, count * sizes.points}, options).softmax(-1);
    weights = weights.view({sizes.batch, sizes.queries, sizes.heads, count, sizes.points});
  }

  Problem to(at::ScalarType type) const {
    Problem other = *this;
    for (auto* x : {&other.value, &other.locations, &other.weights}) *x = x->to(type);
    return other;
  }
};

// The largest difference of two tensors.
inline double distance(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

inline std::vector<Sizes> all_sizes() {
  return {{},
          {.batch = 1, .queries = 1, .heads = 1, .channels = 1, .points = 1, .levels = {{1, 1}}},
          {.batch = 1, .queries = 33, .heads = 8, .channels = 32, .points = 4, .levels = {{13, 19}, {7, 10}, {4, 5}, {2, 3}}},
          {.batch = 3, .queries = 4, .heads = 2, .channels = 12, .points = 5, .levels = {{9, 2}}},
          {.batch = 1, .queries = 9, .heads = 5, .channels = 37, .points = 2, .levels = {{3, 3}, {1, 9}, {8, 1}, {2, 2}, {1, 1}}}};
}

inline std::vector<Isa> supported_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
    if (supports(isa)) isas.push_back(isa);
  return isas;
}

}  // namespace omma::deformable_test
