// Attention at the shapes of the models: Swin-T's windows, BLIP-base's pictures, SAM ViT-B's global layers, a language model's
// prompt.
#include <benchmark/benchmark.h>

#include "omma/nn/attention.h"

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

void add(const std::string& name, const AttentionShape& shape) {
  for (const auto& [suffix, dtype] : {std::pair("/fp32", torch::kFloat32), {"/bf16", torch::kBFloat16}})
    benchmark::RegisterBenchmark(("attention/" + name + suffix).c_str(), attend, shape, dtype)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
}

const bool added = [] {
  add("swin_t_windows", {.batch = 29 * 43, .heads = 3, .queries = 49, .keys = 49, .channels = 32, .mask = true});
  add("vit_b_384_px", {.batch = 1, .heads = 12, .queries = 577, .keys = 577, .channels = 64, .mask = false});
  add("vit_b_global", {.batch = 1, .heads = 12, .queries = 4096, .keys = 4096, .channels = 64, .mask = false});
  add("decoder_queries", {.batch = 1, .heads = 8, .queries = 900, .keys = 900, .channels = 32, .mask = false});
  add("prompt", {.batch = 1, .heads = 32, .queries = 616, .keys = 616, .channels = 128, .mask = false});
  return true;
}();

}  // namespace
}  // namespace omma
