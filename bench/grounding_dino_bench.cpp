// Grounding DINO Swin-T whole, random weights, one picture of 800 x 1200 and a prompt of 8 tokens: the model alone, without
// loading and pre-processing.
#include <benchmark/benchmark.h>

#include "omma/models/grounding_dino/grounding_dino.h"

namespace omma {
namespace {

grounding_dino::Model swin_t(torch::Dtype dtype) {
  grounding_dino::Model model(grounding_dino::Config{});  // the defaults are Swin-T's and BERT-base's
  model->init_weights();
  set_dtype(*model, dtype);
  model->eval();
  return model;
}

void detect(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  torch::manual_seed(0);
  auto model = swin_t(dtype);
  const auto pixels = torch::randn({1, 3, 800, 1200}).to(dtype);
  const auto prompt = torch::tensor({101, 4937, 1012, 3899, 1012, 6556, 1012, 102}, torch::kLong).unsqueeze(0);
  const auto text = model->encode_text(prompt, torch::ones_like(prompt, torch::kBool));
  model->forward(pixels, {}, text);  // the first allocates
  for (auto _ : state) benchmark::DoNotOptimize(model->forward(pixels, {}, text));
  state.counters["threads"] = at::get_num_threads();
}

BENCHMARK_CAPTURE(detect, swin_t_800x1200_fp32, torch::kFloat32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(detect, swin_t_800x1200_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace omma
