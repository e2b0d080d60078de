// SAM ViT-B at its published size, random weights: the model alone, without loading, pre-processing and masks at a picture's size.
// The decoder makes what depends on the picture alone once: a first point pays for that, points that follow do not.
#include <benchmark/benchmark.h>

#include "omma/models/sam/sam.h"

namespace omma::sam {
namespace {

Model vit_b(torch::Dtype dtype) {
  torch::manual_seed(0);
  Model model(Config{});  // the defaults are ViT-B's
  model->init_weights();
  set_dtype(*model, dtype);
  model->eval();
  return model;
}

void encode(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  Model model = vit_b(dtype);
  const Tensor pixels = torch::randn({1, 3, 1024, 1024}).to(dtype);
  model->encode_image(pixels);  // the first allocates
  for (auto _ : state) benchmark::DoNotOptimize(model->encode_image(pixels));
  state.counters["threads"] = at::get_num_threads();
}

// So many points, each a prompt.
Prompts points(int64_t count) {
  return {.points = 1024 * torch::rand({count, 1, 2}), .labels = torch::ones({count, 1}, torch::kInt64), .boxes = {}, .masks = {}};
}

// Of a picture that is encoded, nothing else.
void decode_first(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  Model model = vit_b(dtype);
  const Tensor embedding = torch::randn({1, 256, 64, 64}).to(dtype);
  const Prompts prompts = points(1);
  const auto answer = [&] { return model->decode(model->prepare(embedding), prompts); };
  answer();
  for (auto _ : state) benchmark::DoNotOptimize(answer());
  state.counters["threads"] = at::get_num_threads();
}

// As many as the second argument says, decoded together, of a picture of which points were decoded before.
void decode(benchmark::State& state, torch::Dtype dtype, int64_t count) {
  const c10::InferenceMode mode;
  Model model = vit_b(dtype);
  const Tensor embedding = torch::randn({1, 256, 64, 64}).to(dtype);
  const Prompts prompts = points(count);
  const DecoderImage image = model->prepare(embedding);
  model->decode(image, prompts);
  for (auto _ : state) benchmark::DoNotOptimize(model->decode(image, prompts));
  state.counters["threads"] = at::get_num_threads();
}

BENCHMARK_CAPTURE(encode, vit_b_fp32, torch::kFloat32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(encode, vit_b_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(decode_first, one_point_fp32, torch::kFloat32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(decode_first, one_point_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(decode, one_point_fp32, torch::kFloat32, 1)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(decode, one_point_bf16, torch::kBFloat16, 1)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(decode, four_points_fp32, torch::kFloat32, 4)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(decode, four_points_bf16, torch::kBFloat16, 4)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace omma::sam
