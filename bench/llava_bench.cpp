// LLaVA 1.5 at 7B's width, of few layers: CLIP ViT-L/14's picture at 336 px and a language model's prompt of 616 tokens.
#include <benchmark/benchmark.h>

#include "omma/nn/clip_vision.h"
#include "omma/nn/llama.h"

namespace omma {
namespace {

constexpr int64_t layers = 2, prompt = 616;

void count(benchmark::State& state, double products) {
  state.counters["FLOP"] = benchmark::Counter(2 * products, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["threads"] = at::get_num_threads();
}

void look(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  const ClipVisionConfig config{.hidden_size = 1024,
                                .intermediate_size = 4096,
                                .num_hidden_layers = layers,
                                .num_attention_heads = 16,
                                .image_size = 336,
                                .patch_size = 14};
  ClipVisionModel tower(config);
  tower->eval();
  tower->to(dtype);
  const Tensor pixels = torch::randn({1, 3, config.image_size, config.image_size}).to(dtype);
  for (auto _ : state) benchmark::DoNotOptimize(tower->hidden_states(pixels, {layers}));
  const auto tokens = double(1 + config.grid() * config.grid()), width = double(config.hidden_size);
  const double layer = tokens * (4 * width * width + 2 * width * double(config.intermediate_size)) + 2 * tokens * tokens * width;
  count(state, layers * layer + (tokens - 1) * 3 * 14 * 14 * width);
}

void read(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  LlamaConfig config;  // the defaults are 7B's
  config.vocab_size = 16;
  config.num_hidden_layers = layers;
  LlamaForCausalLM model(config);
  model->initialise(0.02);
  model->eval();
  model->to(dtype);
  const Tensor tokens = torch::zeros({1, prompt}, torch::kLong);
  for (auto _ : state) benchmark::DoNotOptimize(model->forward(tokens, nullptr));
  const auto width = double(config.hidden_size);
  const double layer = double(prompt) * (4 * width * width + 3 * width * double(config.intermediate_size)) +
                       double(prompt * (prompt + 1)) * width;  // of attention half a square, twice
  count(state, layers * layer);
}

BENCHMARK_CAPTURE(look, clip_l_336_fp32, torch::kFloat32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(look, clip_l_336_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(read, prompt_7b_bf16, torch::kBFloat16)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace omma
