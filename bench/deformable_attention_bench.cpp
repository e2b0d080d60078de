// Deformable attention against its composition of LibTorch operators, at the sizes of Grounding DINO's image encoder: the published
// Swin-T model on a picture of 800 x 1200 (S = 19,947, every position a query) and the zoo's model at 128 px.
#include <benchmark/benchmark.h>

#include "omma/nn/deformable_attention.h"

namespace omma {
namespace {

struct Encoder {
  LevelShapes levels;
  int64_t heads, channels, points;
};

const Encoder kTiny = {{{100, 150}, {50, 75}, {25, 38}, {13, 19}}, 8, 32, 4};
const Encoder kNano = {{{16, 16}, {8, 8}, {4, 4}, {2, 2}}, 8, 12, 4};

struct Inputs {
  Tensor value, locations, weights;
};

// Samples lie about two pixels around each query's own place, as they do at initialisation.
Inputs inputs_of(const Encoder& encoder, at::ScalarType type) {
  const auto count = int64_t(encoder.levels.size());
  std::vector<Tensor> centres;
  for (const auto& [height, width] : encoder.levels) {
    const auto y = (torch::arange(height) + 0.5) / height, x = (torch::arange(width) + 0.5) / width;
    const auto grid = torch::meshgrid({y, x}, "ij");
    centres.push_back(torch::stack({grid[1].flatten(), grid[0].flatten()}, 1));
  }
  const auto centre = torch::cat(centres);  // [S, 2]
  auto reach = torch::empty({count, 1, 2});
  for (int64_t level = 0; level < count; ++level) {
    reach[level][0][0] = 2.0 / double(encoder.levels[size_t(level)].second);
    reach[level][0][1] = 2.0 / double(encoder.levels[size_t(level)].first);
  }
  const auto positions = centre.size(0);
  const auto value = torch::randn({1, positions, encoder.heads, encoder.channels}).to(type);
  const auto offsets = torch::randn({1, positions, encoder.heads, count, encoder.points, 2}) * reach;
  const auto weights = torch::randn({1, positions, encoder.heads, count * encoder.points}).softmax(-1);
  return {value, centre.view({1, positions, 1, 1, 1, 2}) + offsets, weights.view(offsets.sizes().slice(0, 5))};
}

using Attention = Tensor (*)(const Tensor&, const LevelShapes&, const Tensor&, const Tensor&);

// Samples a second: each is four pixels read, weighted and added.
void count_samples(benchmark::State& state, const Inputs& inputs) {
  state.SetItemsProcessed(state.iterations() * inputs.weights.numel());
  state.counters["threads"] = at::get_num_threads();
}

void forward(benchmark::State& state, Attention attention, const Encoder& encoder, at::ScalarType type) {
  const c10::InferenceMode mode;
  const auto inputs = inputs_of(encoder, type);
  for (auto _ : state) benchmark::DoNotOptimize(attention(inputs.value, encoder.levels, inputs.locations, inputs.weights));
  count_samples(state, inputs);
}

void backward(benchmark::State& state, Attention attention, const Encoder& encoder) {
  auto inputs = inputs_of(encoder, at::kFloat);
  const auto leaves =
      std::vector{inputs.value.requires_grad_(), inputs.locations.requires_grad_(), inputs.weights.requires_grad_()};
  const auto output = attention(inputs.value, encoder.levels, inputs.locations, inputs.weights);
  const auto gradient = torch::ones_like(output);
  for (auto _ : state) benchmark::DoNotOptimize(torch::autograd::grad({output}, leaves, {gradient}, true));
  count_samples(state, inputs);
}

template <class... Arguments>
void add(const std::string& name, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), arguments...)->Unit(benchmark::kMillisecond)->UseRealTime();
}

void add_encoder(const std::string& size, const Encoder& encoder) {
  const std::string at = "deformable/" + size;
  add(at + "/forward/fp32/reference", forward, deformable_attention_reference, encoder, at::kFloat);
  add(at + "/forward/fp32", forward, deformable_attention, encoder, at::kFloat);
  add(at + "/forward/bf16", forward, deformable_attention, encoder, at::kBFloat16);
  add(at + "/backward/fp32/reference", backward, deformable_attention_reference, encoder);
  add(at + "/backward/fp32", backward, deformable_attention, encoder);
}

const bool added = [] {
  add_encoder("swin_t", kTiny);
  add_encoder("nano", kNano);
  return true;
}();

}  // namespace
}  // namespace omma
