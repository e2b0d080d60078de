// Attention at the shapes of the models: Swin-T's windows, BLIP-base's pictures, SAM ViT-B's global layers and windows, a language
// model's prompt.
#include <benchmark/benchmark.h>

#include "omma/nn/attention.h"
#include "omma/nn/grid_attention.h"

namespace omma {
namespace {

struct AttentionShape {
  int64_t batch, heads, queries, keys, channels;
  bool mask;  // one per head, added to the scores
};

void attend(benchmark::State& state, const AttentionShape& shape, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  const auto tokens = [&](int64_t count) { return torch::randn({shape.batch, shape.heads, count, shape.channels}).to(dtype); };
  const auto q = tokens(shape.queries), k = tokens(shape.keys), v = tokens(shape.keys);
  const auto mask = shape.mask ? torch::randn({1, shape.heads, shape.queries, shape.keys}).to(dtype) : Tensor();
  for (auto _ : state) benchmark::DoNotOptimize(attention(q, k, v, mask));
  const auto products = 4.0 * double(shape.batch * shape.heads * shape.queries * shape.keys * shape.channels);  // q k^T and the sum
  state.counters["FLOP"] = benchmark::Counter(products, benchmark::Counter::kIsIterationInvariantRate);
}

struct GridShape {
  int64_t batch, heads, side, channels;
};

void attend_grid(benchmark::State& state, const GridShape& shape, torch::Dtype dtype) {
  const c10::InferenceMode mode;
  const int64_t tokens = shape.side * shape.side;
  const auto random = [&](std::vector<int64_t> sizes) { return torch::randn(sizes).to(dtype); };
  const auto heads = [&] { return random({shape.batch, shape.heads, tokens, shape.channels}); };
  const auto q = heads(), k = heads(), v = heads();
  const RelativePositions positions{.rows = random({2 * shape.side - 1, shape.channels}),
                                    .columns = random({2 * shape.side - 1, shape.channels})};
  const GridSize grid{.height = shape.side, .width = shape.side};
  for (auto _ : state) benchmark::DoNotOptimize(grid_attention(q, k, v, grid, positions));
  const auto products = 4.0 * double(shape.batch * shape.heads * tokens * tokens * shape.channels);
  state.counters["FLOP"] = benchmark::Counter(products, benchmark::Counter::kIsIterationInvariantRate);
}

template <class Shape>
void add(const std::string& name, void (*run)(benchmark::State&, const Shape&, torch::Dtype), const Shape& shape) {
  for (const auto& [suffix, dtype] : {std::pair("/fp32", torch::kFloat32), {"/bf16", torch::kBFloat16}})
    benchmark::RegisterBenchmark(("attention/" + name + suffix).c_str(), run, shape, dtype)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
}
void add(const std::string& name, const AttentionShape& shape) { add(name, attend, shape); }
void add(const std::string& name, const GridShape& shape) { add(name, attend_grid, shape); }

const bool added = [] {
  add("swin_t_windows", AttentionShape{.batch = 29 * 43, .heads = 3, .queries = 49, .keys = 49, .channels = 32, .mask = true});
  add("vit_b_384_px", AttentionShape{.batch = 1, .heads = 12, .queries = 577, .keys = 577, .channels = 64, .mask = false});
  add("vit_b_global", GridShape{.batch = 1, .heads = 12, .side = 64, .channels = 64});
  add("vit_b_windows", GridShape{.batch = 25, .heads = 12, .side = 14, .channels = 64});
  add("decoder_queries", AttentionShape{.batch = 1, .heads = 8, .queries = 900, .keys = 900, .channels = 32, .mask = false});
  add("prompt", AttentionShape{.batch = 1, .heads = 32, .queries = 616, .keys = 616, .channels = 128, .mask = false});
  return true;
}();

}  // namespace
}  // namespace omma
