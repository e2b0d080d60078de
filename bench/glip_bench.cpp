// GLIP-T whole, random weights, one picture of 800 x 1200 and a prompt of 8 tokens: the model alone, without loading and
// pre-processing. Beside it the machine's rate of matrix products.
#include <benchmark/benchmark.h>

#include "omma/models/glip/glip.h"

namespace omma {
namespace {

void align(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  torch::manual_seed(0);
  glip::Model model(glip::Config{});  // the defaults are GLIP-T's
  for (torch::Tensor& parameter : model->parameters()) parameter.add_(0.02 * torch::randn_like(parameter));
  model->to(dtype);
  model->eval();
  const auto pixels = torch::randn({1, 3, 800, 1216}).to(dtype);  // filled up to a multiple of 32
  const auto prompt = torch::tensor({101, 4937, 1012, 3899, 1012, 6556, 1012, 102}, torch::kLong).unsqueeze(0);
  const auto text = model->encode_text(prompt);
  const auto run = [&] { return model->forward(model->encode_image(pixels), text); };
  run();  // the first allocates
  for (auto _ : state) benchmark::DoNotOptimize(run());
  // Of Swin (181.1), the pyramid (26.5) and DyConv with its offsets (230.3); the fusion's products, which are grouped, not counted.
  constexpr double flop = 437.9e9;
  state.counters["flop"] = benchmark::Counter(flop, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void product(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  constexpr int64_t side = 2048;
  const auto a = torch::randn({side, side}).to(dtype), b = torch::randn({side, side}).to(dtype);
  for (auto _ : state) benchmark::DoNotOptimize(torch::mm(a, b));
  state.counters["flop"] =
      benchmark::Counter(2.0 * side * side * side, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

BENCHMARK_CAPTURE(align, glip_t_800x1200_fp32, torch::kFloat32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(product, 2048_fp32, torch::kFloat32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(align, glip_t_800x1200_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(product, 2048_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace omma
