// BLIP-base's image encoder, ViT-B/16 at 384 px, beside LibTorch's plain products of the same shapes: the FLOP/s of the first over
// those of the second is the part of the machine's matrix products that the encoder reaches.
#include <benchmark/benchmark.h>

#include "omma/models/blip/vision.h"

namespace omma {
namespace {

struct Product {
  int64_t batch, rows, inputs, outputs;  // x [batch, rows, inputs], weight [batch, outputs, inputs]
  double operations() const { return 2.0 * double(batch * rows * inputs * outputs); }
};

// Of one block, at S tokens: qkv, scores, mix, projection, fc1, fc2.
std::vector<Product> products_of(const BlipVisionConfig& config) {
  const int64_t S = 1 + config.grid() * config.grid(), C = config.hidden_size, N = config.num_attention_heads, D = C / N;
  return {{1, S, C, 3 * C},
          {N, S, D, S},
          {N, S, S, D},
          {1, S, C, C},
          {1, S, C, config.intermediate_size},
          {1, S, config.intermediate_size, C}};
}

double operations(const BlipVisionConfig& config) {
  double sum = 0;
  for (const Product& product : products_of(config)) sum += product.operations();
  return sum * double(config.num_hidden_layers);
}

void count(benchmark::State& state, const BlipVisionConfig& config) {
  state.counters["FLOP"] = benchmark::Counter(operations(config), benchmark::Counter::kIsIterationInvariantRate);
}

void encode(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  const BlipVisionConfig config;
  BlipVisionModel encoder(config);
  encoder->eval();
  encoder->to(dtype);
  const Tensor pixels = torch::randn({1, 3, config.image_size, config.image_size}).to(dtype);
  for (auto _ : state) benchmark::DoNotOptimize(encoder(pixels));
  count(state, config);
}

// Every block has its own weights, as in the encoder, so that the caches hold no more of them.
void multiply(benchmark::State& state, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  const BlipVisionConfig config;
  std::vector<std::pair<Tensor, Tensor>> factors;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
    for (const Product& each : products_of(config))
      factors.emplace_back(torch::randn({each.batch, each.rows, each.inputs}).to(dtype),
                           torch::randn({each.batch, each.outputs, each.inputs}).to(dtype).transpose(1, 2));
  for (auto _ : state)
    for (const auto& [x, weight] : factors) benchmark::DoNotOptimize(at::bmm(x, weight));
  count(state, config);
}

void add(const std::string& name, void (*run)(benchmark::State&, torch::Dtype)) {
  for (const auto& [suffix, dtype] : {std::pair("/fp32", torch::kFloat32), {"/bf16", torch::kBFloat16}})
    benchmark::RegisterBenchmark(("vit/" + name + suffix).c_str(), run, dtype)
        ->Unit(benchmark::kMillisecond)
        ->MeasureProcessCPUTime()
        ->UseRealTime();
}

const bool added = [] {
  add("blip_base", encode);
  add("products", multiply);
  return true;
}();

}  // namespace
}  // namespace omma
