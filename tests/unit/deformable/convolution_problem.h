// Random inputs of deformable convolution.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "omma/nn/deformable_convolution.h"
#include "tests/unit/deformable/problem.h"

namespace omma::deformable_test {

struct ConvolutionSizes {
  int64_t batch = 2, channels = 5, height = 6, width = 7, outputs = 4, kernel_height = 3, kernel_width = 3;
  int64_t stride = 1, padding = 1, dilation = 1;
  double reach = 1.5;  // of the offsets, in pixels

  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t output_height() const { return (height + 2 * padding - dilation * (kernel_height - 1) - 1) / stride + 1; }
  int64_t output_width() const { return (width + 2 * padding - dilation * (kernel_width - 1) - 1) / stride + 1; }
};

struct ConvolutionProblem {
  Tensor input, offsets, mask;
  DeformableFilter filter;

  explicit ConvolutionProblem(const ConvolutionSizes& sizes, at::ScalarType type = at::kFloat) {
    torch::manual_seed(sizes.channels);
    const auto options = torch::dtype(type);
    const auto rows = sizes.output_height(), columns = sizes.output_width(), taps = sizes.taps();
    input = torch::randn({sizes.batch, sizes.channels, sizes.height, sizes.width}, options);
    offsets = sizes.reach * torch::randn({sizes.batch, 2 * taps, rows, columns}, options);
    mask = torch::rand({sizes.batch, taps, rows, columns}, options);
    const auto weight = torch::randn({sizes.outputs, sizes.channels, sizes.kernel_height, sizes.kernel_width}, options);
    filter = {weight / std::sqrt(double(sizes.channels * taps)), torch::randn({sizes.outputs}, options), sizes.stride,
              sizes.padding, sizes.dilation};
  }

  std::vector<Tensor*> tensors() { return {&input, &offsets, &mask, &filter.weight, &filter.bias}; }

  ConvolutionProblem to(at::ScalarType type) const {
    ConvolutionProblem other = *this;
    for (auto* x : other.tensors()) *x = x->to(type);
    return other;
  }
};

// The largest difference, of numbers above one in terms of the largest.
inline double relative_distance(const Tensor& found, const Tensor& expected) {
  return distance(found, expected) / std::max(1.0, expected.abs().max().item<double>());
}

inline std::vector<ConvolutionSizes> convolution_sizes() {
  return {{},
          {.batch = 1, .channels = 1, .height = 1, .width = 1, .outputs = 1, .kernel_height = 1, .kernel_width = 1, .padding = 0},
          {.channels = 37, .height = 9, .width = 5, .outputs = 3, .kernel_height = 1, .kernel_width = 1, .padding = 0},
          {.batch = 1, .channels = 65, .height = 11, .width = 13, .outputs = 33, .stride = 2},
          {.channels = 12, .height = 13, .width = 41, .outputs = 5, .padding = 0, .dilation = 2},
          {.channels = 32, .height = 8, .width = 8, .outputs = 16, .stride = 2, .padding = 2, .dilation = 3},
          {.channels = 7, .height = 3, .width = 4, .kernel_height = 2, .kernel_width = 3, .padding = 3, .reach = 6},
          {.batch = 1, .channels = 200, .height = 23, .width = 70, .outputs = 24, .reach = 20}};  // in several blocks
}

}  // namespace omma::deformable_test
