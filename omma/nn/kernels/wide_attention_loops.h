// Attention of many queries, some keys at a time, so that their scores stay in the nearest caches; what was summed before is scaled
// down where a higher score comes up (Dao et al. 2022, "FlashAttention"). By a Product, which has
//   Value                                       float or Bfloat16
//   kRows                                       queries at a time
//   multiply(left, panel, values, sums, adds)   sums [rows, 64] of the left rows' so many values and a panel, added to those there
//   or
//                                               not; reads up to a whole number of kPanelUnit values, of kRows rows
// and is there for as long as tiles are multiplied.
#pragma once

#include "omma/nn/kernels/panel_avx512.h"
#include "omma/nn/kernels/wide_attention_kernel.h"

namespace omma {
namespace {

constexpr float kLowest = -__builtin_huge_valf();
constexpr int64_t kMostKeys = 512;  // at a time

// What lies where in a head's scratch. Sizes and places count floats, or pairs of bf16.
struct Layout {
  Layout(int64_t keys, int64_t channels, int64_t rows, int64_t slot_values)
      : block(rounded_up(keys / ((keys + kMostKeys - 1) / kMostKeys), kPanelColumns)),
        query_row(rounded_up(channels, kLanes * slot_values)),
        sums_row(rounded_up(channels, kPanelColumns)),
        key_panel(query_row / slot_values * kPanelColumns),
        value_panel(rounded_up(keys, kPanelColumns) / slot_values * kPanelColumns),
        values(rounded_up(keys, kPanelColumns) / kPanelColumns * key_panel),
        queries(values + sums_row / kPanelColumns * value_panel),
        scores(queries + rows * query_row / slot_values),
        weights(scores + rows * block),
        sums(weights + rows * block / slot_values),
        size(sums + rows * sums_row) {}

  int64_t block;        // keys at a time
  int64_t query_row;    // of a query's channels
  int64_t sums_row;     // of a query's sums
  int64_t key_panel;    // of 64 keys; the first lies at 0
  int64_t value_panel;  // of 64 channels
  int64_t values, queries, scores, weights, sums, size;
};

// A head's scratch.
template <class Product>
struct Scratch : Layout {
  using Value = typename Product::Value;

  Scratch(int64_t keys, int64_t channels, float* at) : Layout(keys, channels, Product::kRows, kSlotValues<Value>), memory(at) {}
  explicit Scratch(const WideAttention<Value>& head) : Scratch(head.keys, head.channels, head.scratch) {}

  uint32_t* panel_of_key(int64_t key) const { return slots(key / kPanelColumns * key_panel); }
  uint32_t* panel_of_channel(int64_t channel, int64_t key) const {
    return slots(values + channel / kPanelColumns * value_panel + key / kSlotValues<Value> * kPanelColumns);
  }
  Value* query_of(int64_t r) const { return reinterpret_cast<Value*>(memory + queries) + r * query_row; }
  float* scores_of(int64_t r) const { return memory + scores + r * block; }
  Value* weights_of(int64_t r) const { return reinterpret_cast<Value*>(memory + weights) + r * block; }
  float* sums_of(int64_t r) const { return memory + sums + r * sums_row; }

 private:
  uint32_t* slots(int64_t place) const { return reinterpret_cast<uint32_t*>(memory + place); }
  float* memory;
};

template <class Product>
int64_t scratch_size(int64_t keys, int64_t channels) {
  return Scratch<Product>(keys, channels, nullptr).size;
}

template <class Product>
void pack(const WideAttention<typename Product::Value>& head) {
  const Scratch<Product> scratch(head);
  for (int64_t key = 0; key < head.keys; key += kPanelColumns)
    pack_rows(head.k + key * head.k_stride, head.k_stride, at_most(kPanelColumns, head.keys - key), head.channels,
              scratch.panel_of_key(key));
  for (int64_t channel = 0; channel < head.channels; channel += kPanelColumns)
    pack_columns(head.v + channel, head.v_stride, head.keys, head.channels - channel, scratch.panel_of_channel(channel, 0));
}

// 2^x for x <= 0, within 3e-6 of it, and 2^-126 for all below -126: smaller results take many times as long.
inline __m512 power_of_two(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-126), x);
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 rest = _mm512_sub_ps(x, whole);
  constexpr float series[] = {1.3333558e-3F, 9.6181291e-3F, 5.5504109e-2F, 2.4022651e-1F, 6.9314718e-1F, 1};  // (ln 2)^n / n!
  __m512 power = _mm512_setzero_ps();
  for (const float coefficient : series) power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(coefficient));
  return _mm512_scalef_ps(power, whole);
}

// A query's softmax over the keys so far.
struct RunningSoftmax {
  // The weights e^(scale (score - highest)) of the next `count` scores, a multiple of 16. Returns what sums so far are to be
  // multiplied by.
  template <class Value>
  float add(const float* scores, int64_t count, float scale, Value* weights) {
    __m512 top = _mm512_set1_ps(highest), sum = _mm512_setzero_ps();
    for (int64_t s = 0; s < count; s += kLanes) top = _mm512_max_ps(top, _mm512_loadu_ps(scores + s));
    const float before = highest;
    highest = _mm512_reduce_max_ps(top);
    const __m512 factor = _mm512_set1_ps(scale * 1.44269504F), shift = _mm512_set1_ps(highest);
    for (int64_t s = 0; s < count; s += kLanes) {
      const __m512 weight = power_of_two(_mm512_mul_ps(factor, _mm512_sub_ps(_mm512_loadu_ps(scores + s), shift)));
      sum = _mm512_add_ps(sum, weight);
      store(weights + s, weight, 0xffff);
    }
    const float kept = _mm512_cvtss_f32(power_of_two(_mm512_mul_ps(factor, _mm512_sub_ps(_mm512_set1_ps(before), shift))));
    total = total * kept + _mm512_reduce_add_ps(sum);
    return kept;
  }

  float highest = kLowest, total = 0;
};

// To the scores of a query for keys [begin, end), which are not scaled yet, row of keys by row.
template <class Value>
inline void add_wide_grid(const WideGridScores<Value>& grid, int64_t query, int64_t begin, int64_t end, __m512 inverse_scale,
                          float* scores) {
  for (int64_t key = begin; key < end;) {
    const int64_t y = key / grid.width, x = key % grid.width, count = at_most(end - key, grid.width - x);
    const __m512 row = broadcast(grid.rows[query * grid.height + y]);
    const Value* columns = grid.columns + query * grid.width + x;
    float* places = scores + key - begin;
    for (int64_t i = 0; i < count; i += kLanes) {
      const Lanes lanes = first_lanes(count - i);
      const __m512 added = _mm512_add_ps(row, Avx512::load(columns + i, lanes));
      Avx512::store(places + i, _mm512_fmadd_ps(added, inverse_scale, Avx512::load(places + i, lanes)), lanes);
    }
    key += count;
  }
}

// Of a grid of at most 16 x 16 keys, where 16 keys in a row lie, whatever rows they are of. Stores of shorter rows would overlap
// and wait for each other (1.4 times the time of the whole for 14 x 14).
struct NarrowGrid {
  NarrowGrid(int64_t height, int64_t width) : vectors((height * width + kLanes - 1) / kLanes) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512 inverse_width = _mm512_set1_ps(1.0F / static_cast<float>(width));
    for (int64_t i = 0; i < vectors; ++i) {
      const __m512i keys = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(kLanes * i)), lanes);
      const __m512 middle = _mm512_add_ps(_mm512_cvtepi32_ps(keys), _mm512_set1_ps(0.5F));  // so that rounding decides nothing
      y[i] = _mm512_cvttps_epi32(_mm512_mul_ps(middle, inverse_width));
      x[i] = _mm512_sub_epi32(keys, _mm512_mullo_epi32(y[i], _mm512_set1_epi32(static_cast<int>(width))));
    }
  }

  template <class Value>
  void add(const WideGridScores<Value>& grid, int64_t query, __m512 inverse_scale, float* scores) const {
    const __m512 rows = Avx512::load(grid.rows + query * grid.height, first_lanes(grid.height));
    const __m512 columns = Avx512::load(grid.columns + query * grid.width, first_lanes(grid.width));
    for (int64_t i = 0; i < vectors; ++i) {
      float* place = scores + kLanes * i;  // beyond the last key lies minus infinity, and stays
      const __m512 added = _mm512_add_ps(_mm512_permutexvar_ps(y[i], rows), _mm512_permutexvar_ps(x[i], columns));
      _mm512_storeu_ps(place, _mm512_fmadd_ps(added, inverse_scale, _mm512_loadu_ps(place)));
    }
  }

  int64_t vectors;
  __m512i y[kLanes], x[kLanes];
};

template <class Product>
inline void add_grid(const WideAttention<typename Product::Value>& head, int64_t query, int64_t rows, int64_t begin, int64_t end,
                     const Scratch<Product>& scratch) {
  const auto& grid = *head.grid;
  const __m512 inverse_scale = _mm512_set1_ps(1 / head.scale);
  if (grid.height > kLanes || grid.width > kLanes) {
    for (int64_t r = 0; r < rows; ++r) add_wide_grid(grid, query + r, begin, end, inverse_scale, scratch.scores_of(r));
    return;
  }
  const NarrowGrid narrow(grid.height, grid.width);  // which comes at once
  for (int64_t r = 0; r < rows; ++r) narrow.add(grid, query + r, inverse_scale, scratch.scores_of(r));
}

// Beside each other, so that a product finds as many as it reads.
template <class Product>
inline void copy_queries(const WideAttention<typename Product::Value>& head, int64_t query, int64_t rows,
                         const Scratch<Product>& scratch) {
  constexpr int64_t slot_values = kSlotValues<typename Product::Value>;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t channel = 0; channel < scratch.query_row; channel += kLanes * slot_values) {
      const __mmask16 slots = first_lanes((head.channels - channel) / slot_values).mask;
      _mm512_storeu_si512(scratch.query_of(r) + channel,
                          _mm512_maskz_loadu_epi32(slots, head.q + (query + r) * head.q_stride + channel));
    }
}

// So many scores there are of so many keys, minus infinity for those beyond: the sum of values reads as many weights.
template <class Product>
constexpr int64_t scored(int64_t keys) {
  return rounded_up(keys, kPanelUnit<typename Product::Value>);
}

// Of keys [begin, end): scratch.block of them but for the last.
template <class Product>
inline void score(const Product& product, const WideAttention<typename Product::Value>& head, int64_t query, int64_t rows,
                  int64_t begin, int64_t end, const Scratch<Product>& scratch) {
  for (int64_t key = begin; key < end; key += kPanelColumns)
    product.multiply({scratch.query_of(0), scratch.query_row, rows}, scratch.panel_of_key(key), head.channels,
                     {scratch.scores_of(0) + key - begin, scratch.block}, false);
  const int64_t count = end - begin;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t key = count / kLanes * kLanes; key < scored<Product>(count); key += kLanes)
      store(scratch.scores_of(r) + key, _mm512_set1_ps(kLowest), static_cast<__mmask16>(~first_lanes(count - key).mask));
  if (head.grid != nullptr) add_grid(head, query, rows, begin, end, scratch);
}

template <class Product>
inline void attend_rows(const Product& product, const WideAttention<typename Product::Value>& head, int64_t query, int64_t rows,
                        const Scratch<Product>& scratch) {
  copy_queries(head, query, rows, scratch);
  RunningSoftmax softmax[Product::kRows];
  for (int64_t begin = 0; begin < head.keys; begin += scratch.block) {
    const int64_t end = at_most(head.keys, begin + scratch.block);
    score(product, head, query, rows, begin, end, scratch);
    for (int64_t r = 0; r < rows; ++r) {
      const float kept = softmax[r].add(scratch.scores_of(r), scored<Product>(end - begin), head.scale, scratch.weights_of(r));
      if (begin == 0 || kept == 1) continue;
      for (float* sums = scratch.sums_of(r); sums < scratch.sums_of(r + 1); sums += kLanes)
        _mm512_storeu_ps(sums, _mm512_mul_ps(_mm512_loadu_ps(sums), _mm512_set1_ps(kept)));
    }
    for (int64_t channel = 0; channel < head.channels; channel += kPanelColumns)
      product.multiply({scratch.weights_of(0), scratch.block, rows}, scratch.panel_of_channel(channel, begin), end - begin,
                       {scratch.sums_of(0) + channel, scratch.sums_row}, begin > 0);
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t channel = 0; channel < head.channels; channel += kLanes)
      store(head.output + (query + r) * head.output_stride + channel,
            _mm512_mul_ps(_mm512_loadu_ps(scratch.sums_of(r) + channel), _mm512_set1_ps(1 / softmax[r].total)),
            first_lanes(head.channels - channel).mask);
}

template <class Product>
void attend(const WideAttention<typename Product::Value>& head, int64_t begin, int64_t end) {
  const Product product;
  const Scratch<Product> scratch(head);
  for (int64_t query = begin; query < end; query += Product::kRows)
    attend_rows(product, head, query, at_most(Product::kRows, end - query), scratch);
}

template <class Product>
constexpr WideAttentionKernel<typename Product::Value> wide_attention_by = {.block = rounded_up(48, Product::kRows),
                                                                            .scratch_size = scratch_size<Product>,
                                                                            .pack = pack<Product>,
                                                                            .attend = attend<Product>};

}  // namespace
}  // namespace omma
