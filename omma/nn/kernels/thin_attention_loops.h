// The loops of thin_attention_kernel.h over a SIMD type. Included once by the file of each instruction set; everything here has
// internal linkage, so that each keeps its own code.
#pragma once

#include "omma/nn/kernels/thin_attention_kernel.h"

namespace omma {
namespace {

constexpr int kKeys = 4;     // whose scores are summed side by side
constexpr int kVectors = 4;  // of an output row at a time
constexpr int kMostQueries = 4;
constexpr int kCacheLine = 64;  // bytes
constexpr int kAhead = 16;      // keys: heads' rows lie apart, which the processor's own prefetching does not follow

// weights[r][key ...] = scale q_r k, of kQueries queries and up to kKeys keys.
template <class Simd, int kQueries, class Value>
inline void score_block(const ThinAttention<Value>& head, int64_t query, int64_t key) {
  const int64_t keys = head.keys - key < kKeys ? head.keys - key : kKeys;
  const Value* rows[kKeys];  // a missing key repeats the last one and is not stored
  for (int64_t c = 0; c < kKeys; ++c) rows[c] = head.k + (key + (c < keys ? c : keys - 1)) * head.k_stride;
  typename Simd::Vector sums[kQueries][kKeys];
  for (auto& of_query : sums)
    for (auto& sum : of_query) sum = Simd::zero();

  const auto add = [&](int64_t d, auto lanes) {
    typename Simd::Vector held[kKeys];
    for (int c = 0; c < kKeys; ++c) {
      held[c] = Simd::load(rows[c] + d, lanes);
      if (d * sizeof(Value) % kCacheLine == 0) __builtin_prefetch(rows[c] + kAhead * head.k_stride + d);
    }
    for (int r = 0; r < kQueries; ++r) {
      const auto input = Simd::load(head.q + (query + r) * head.q_stride + d, lanes);
      for (int c = 0; c < kKeys; ++c) sums[r][c] = Simd::fma(held[c], input, sums[r][c]);
    }
  };
  int64_t d = 0;
  for (; head.channels - d >= Simd::kLanes; d += Simd::kLanes) add(d, typename Simd::All{});
  if (d < head.channels) add(d, typename Simd::First(head.channels - d));

  for (int r = 0; r < kQueries; ++r) {
    float totals[kKeys] = {};
    Simd::add_sums(sums[r][0], sums[r][1], sums[r][2], sums[r][3], totals);
    for (int64_t c = 0; c < keys; ++c) head.weights[r * head.keys + key + c] = head.scale * totals[c];
  }
}

// e to the power of each score less the highest; their sum.
inline float exponentiate(float* scores, int64_t count) {
  float highest = scores[0], sum = 0;
  for (int64_t s = 1; s < count; ++s) highest = scores[s] > highest ? scores[s] : highest;
  for (int64_t s = 0; s < count; ++s) sum += scores[s] = __builtin_expf(scores[s] - highest);
  return sum;
}

// Channels [d, d + kWidth lanes) of kQueries output rows: the values by their weights, over the weights' sum.
template <class Simd, int kQueries, int kWidth, class Value, class Lanes>
inline void mix_block(const ThinAttention<Value>& head, int64_t query, int64_t d, Lanes lanes, const float* sums) {
  typename Simd::Vector mixed[kQueries][kWidth];
  for (auto& of_query : mixed)
    for (auto& part : of_query) part = Simd::zero();
  for (int64_t s = 0; s < head.keys; ++s) {
    const Value* row = head.v + s * head.v_stride + d;
    for (int j = 0; j < kWidth; ++j) {
      const auto values = Simd::load(row + j * Simd::kLanes, lanes);
      if (j * Simd::kLanes * sizeof(Value) % kCacheLine == 0) __builtin_prefetch(row + kAhead * head.v_stride + j * Simd::kLanes);
      for (int r = 0; r < kQueries; ++r)
        mixed[r][j] = Simd::fma(values, Simd::broadcast(head.weights[r * head.keys + s]), mixed[r][j]);
    }
  }
  for (int r = 0; r < kQueries; ++r) {
    Value* output = head.output + (query + r) * head.output_stride + d;
    for (int j = 0; j < kWidth; ++j) Simd::store(output + j * Simd::kLanes, mixed[r][j] * Simd::broadcast(1 / sums[r]), lanes);
  }
}

template <class Simd, int kQueries, class Value>
void attend_block(const ThinAttention<Value>& head, int64_t query) {
  for (int64_t key = 0; key < head.keys; key += kKeys) score_block<Simd, kQueries>(head, query, key);
  float sums[kQueries];
  for (int r = 0; r < kQueries; ++r) sums[r] = exponentiate(head.weights + r * head.keys, head.keys);
  int64_t d = 0;
  for (; head.channels - d >= kVectors * Simd::kLanes; d += kVectors * Simd::kLanes)
    mix_block<Simd, kQueries, kVectors>(head, query, d, typename Simd::All{}, sums);
  for (; head.channels - d >= Simd::kLanes; d += Simd::kLanes)
    mix_block<Simd, kQueries, 1>(head, query, d, typename Simd::All{}, sums);
  if (d < head.channels) mix_block<Simd, kQueries, 1>(head, query, d, typename Simd::First(head.channels - d), sums);
}

template <class Simd, class Value>
void attend(const ThinAttention<Value>& head) {
  int64_t query = 0;
  for (; head.queries - query >= kMostQueries; query += kMostQueries) attend_block<Simd, kMostQueries>(head, query);
  if (head.queries - query == 3) attend_block<Simd, 3>(head, query);
  if (head.queries - query == 2) attend_block<Simd, 2>(head, query);
  if (head.queries - query == 1) attend_block<Simd, 1>(head, query);
}

template <class Simd>
constexpr ThinAttentionKernels thin_attention_kernels = {attend<Simd, float>, attend<Simd, Bfloat16>};

}  // namespace
}  // namespace omma
