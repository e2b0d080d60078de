// Deformable convolution against its composition of LibTorch operators, and against LibTorch's ordinary convolution of as many
// products, at the sizes of GLIP-T's head on a picture of 800 x 1216: 256 channels, 3 x 3 taps.
#include <benchmark/benchmark.h>

#include "omma/nn/deformable_convolution.h"

namespace omma {
namespace {

struct Level {
  int64_t height, width;
};

struct Inputs {
  Tensor input, offsets, mask;
  DeformableFilter filter;
};

Inputs inputs_of(const Level& level, at::ScalarType type) {
  constexpr int64_t channels = 256;
  const auto options = torch::dtype(type);
  return {torch::randn({1, channels, level.height, level.width}, options),
          torch::randn({1, 18, level.height, level.width}, options),
          torch::rand({1, 9, level.height, level.width}, options),
          {.weight = 0.02 * torch::randn({channels, channels, 3, 3}, options),
           .bias = torch::zeros({channels}, options),
           .padding = 1}};
}

using Convolution = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, const DeformableFilter&);

Tensor ordinary(const Tensor& input, const Tensor&, const Tensor&, const DeformableFilter& filter) {
  return at::conv2d(input, filter.weight, filter.bias, filter.stride, filter.padding);
}

// Products and sums a second of the filter's matrix product alone.
void count_operations(benchmark::State& state, const Inputs& x) {
  const auto operations = 2 * x.filter.weight.numel() * x.input.size(2) * x.input.size(3);
  state.counters["flops"] = benchmark::Counter(double(operations), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["threads"] = at::get_num_threads();
}

void forward(benchmark::State& state, Convolution convolution, const Level& level, at::ScalarType type) {
  const c10::InferenceMode mode;
  const auto x = inputs_of(level, type);
  for (auto _ : state) benchmark::DoNotOptimize(convolution(x.input, x.offsets, x.mask, x.filter));
  count_operations(state, x);
}

void backward(benchmark::State& state, Convolution convolution, const Level& level) {
  auto x = inputs_of(level, at::kFloat);
  const auto leaves =
      std::vector{x.input.requires_grad_(), x.offsets.requires_grad_(), x.mask.requires_grad_(), x.filter.weight.requires_grad_()};
  const auto output = convolution(x.input, x.offsets, x.mask, x.filter);
  const auto gradient = torch::ones_like(output);
  for (auto _ : state) benchmark::DoNotOptimize(torch::autograd::grad({output}, leaves, {gradient}, true, false, true));
  count_operations(state, x);
}

template <class... Arguments>
void add(const std::string& name, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), arguments...)->Unit(benchmark::kMillisecond)->UseRealTime();
}

const bool added = [] {
  for (const Level& level : {Level{100, 152}, Level{50, 76}, Level{25, 38}}) {
    const std::string at = "deformable_convolution/" + std::to_string(level.height) + "x" + std::to_string(level.width);
    add(at + "/forward/fp32/reference", forward, deformable_convolution_reference, level, at::kFloat);
    add(at + "/forward/fp32/ordinary", forward, ordinary, level, at::kFloat);
    add(at + "/forward/fp32", forward, deformable_convolution, level, at::kFloat);
    add(at + "/forward/bf16", forward, deformable_convolution, level, at::kBFloat16);
    add(at + "/backward/fp32/reference", backward, deformable_convolution_reference, level);
    add(at + "/backward/fp32", backward, deformable_convolution, level);
  }
  return true;
}();

}  // namespace
}  // namespace omma
