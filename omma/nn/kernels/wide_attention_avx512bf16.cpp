#include "omma/nn/kernels/bf16_tile_avx512bf16.h"
#include "omma/nn/kernels/wide_attention_kernel.h"

namespace omma {
namespace {

constexpr float kLowest = -__builtin_huge_valf();

// What lies where in a head's scratch. Sizes and places count floats, or pairs of bf16.
struct Layout {
  Layout(int64_t keys, int64_t channels)
      : row(rounded_up(keys, kPanelColumns)),
        key_panel(channels / 2 * kPanelColumns),
        value_panel((keys + 1) / 2 * kPanelColumns),
        values(row / kPanelColumns * key_panel),
        scores(values + rounded_up(channels, kPanelColumns) / kPanelColumns * value_panel),
        weights(scores + kTileRows * row),
        size(weights + kTileRows * row / 2) {}

  int64_t row;          // of scores or weights of a query
  int64_t key_panel;    // of 64 keys; the first lies at 0
  int64_t value_panel;  // of 64 channels
  int64_t values, scores, weights, size;
};

// A head's scratch.
struct Scratch : Layout {
  explicit Scratch(const WideAttention& head) : Layout(head.keys, head.channels), memory(head.scratch) {}

  uint32_t* panel_of_key(int64_t key) const { return pairs(key / kPanelColumns * key_panel); }
  uint32_t* panel_of_channel(int64_t channel) const { return pairs(values + channel / kPanelColumns * value_panel); }
  float* scores_of(int r) const { return memory + scores + r * row; }
  Bfloat16* weights_of(int r) const { return reinterpret_cast<Bfloat16*>(memory + weights) + r * row; }

 private:
  uint32_t* pairs(int64_t place) const { return reinterpret_cast<uint32_t*>(memory + place); }
  float* memory;
};

int64_t scratch_size(int64_t keys, int64_t channels) { return Layout(keys, channels).size; }

void pack(const WideAttention& head) {
  const Scratch scratch(head);
  for (int64_t key = 0; key < head.keys; key += kPanelColumns) {
    const int64_t keys = head.keys - key < kPanelColumns ? head.keys - key : kPanelColumns;
    pack_rows(head.k + key * head.k_stride, head.k_stride, keys, head.channels, scratch.panel_of_key(key));
  }
  for (int64_t channel = 0; channel < head.channels; channel += kPanelColumns)
    pack_columns(head.v + channel, head.v_stride, head.keys, head.channels - channel, scratch.panel_of_channel(channel));
}

// 2^x for x <= 0, within 3e-6 of it.
inline __m512 power_of_two(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-200), x);  // whose power is 0, as minus infinity's
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 rest = _mm512_sub_ps(x, whole);
  constexpr float series[] = {1.3333558e-3F, 9.6181291e-3F, 5.5504109e-2F, 2.4022651e-1F, 6.9314718e-1F, 1};  // (ln 2)^n / n!
  __m512 power = _mm512_setzero_ps();
  for (const float coefficient : series) power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(coefficient));
  return _mm512_scalef_ps(power, whole);
}

// weights = e^(scale (score - highest score)) of a row; their sum.
inline float exponentiate(const float* scores, int64_t count, float scale, Bfloat16* weights) {
  __m512 highest = _mm512_set1_ps(kLowest), sum = _mm512_setzero_ps();
  for (int64_t s = 0; s < count; s += kLanes) highest = _mm512_max_ps(highest, _mm512_loadu_ps(scores + s));
  const __m512 factor = _mm512_set1_ps(scale * 1.44269504F), shift = _mm512_set1_ps(_mm512_reduce_max_ps(highest));
  for (int64_t s = 0; s < count; s += kLanes) {
    const __m512 weight = power_of_two(_mm512_mul_ps(factor, _mm512_sub_ps(_mm512_loadu_ps(scores + s), shift)));
    sum = _mm512_add_ps(sum, weight);
    store_bf16(weights + s, weight, 0xffff);
  }
  return _mm512_reduce_add_ps(sum);
}

inline __m512 load_bf16(const Bfloat16* from, __mmask16 lanes) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from)), 16));
}

inline __m512 broadcast_bf16(Bfloat16 x) { return _mm512_castsi512_ps(_mm512_set1_epi32(x.bits << 16)); }

// To the scores of a query, which are not scaled yet, row of keys by row.
inline void add_wide_grid(const WideGridScores& grid, int64_t query, __m512 inverse_scale, float* scores) {
  for (int64_t x = 0; x < grid.width; x += kLanes) {
    const __mmask16 lanes = first_lanes(grid.width - x);
    const __m512 column = load_bf16(grid.columns + query * grid.width + x, lanes);
    for (int64_t y = 0; y < grid.height; ++y) {
      float* place = scores + y * grid.width + x;
      const __m512 added = _mm512_add_ps(broadcast_bf16(grid.rows[query * grid.height + y]), column);
      _mm512_mask_storeu_ps(place, lanes, _mm512_fmadd_ps(added, inverse_scale, _mm512_maskz_loadu_ps(lanes, place)));
    }
  }
}

// Of at most 16 x 16 keys, to the scores of kRows queries: 16 keys at a time, whatever rows they are of. Stores of shorter rows
// would overlap and wait for each other (1.4 times the time of the whole for 14 x 14).
template <int kRows>
inline void add_narrow_grid(const WideGridScores& grid, int64_t query, __m512 inverse_scale, const Scratch& scratch) {
  __m512 rows[kRows], columns[kRows];
  for (int r = 0; r < kRows; ++r) {
    rows[r] = load_bf16(grid.rows + (query + r) * grid.height, first_lanes(grid.height));
    columns[r] = load_bf16(grid.columns + (query + r) * grid.width, first_lanes(grid.width));
  }
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512 inverse_width = _mm512_set1_ps(1.0F / static_cast<float>(grid.width));
  for (int64_t key = 0; key < grid.height * grid.width; key += kLanes) {
    const __m512i keys = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(key)), lanes);
    const __m512 middle = _mm512_add_ps(_mm512_cvtepi32_ps(keys), _mm512_set1_ps(0.5F));  // so that rounding decides nothing
    const __m512i y = _mm512_cvttps_epi32(_mm512_mul_ps(middle, inverse_width));
    const __m512i x = _mm512_sub_epi32(keys, _mm512_mullo_epi32(y, _mm512_set1_epi32(static_cast<int>(grid.width))));
    for (int r = 0; r < kRows; ++r) {
      float* place = scratch.scores_of(r) + key;  // beyond the last key lies minus infinity, and stays
      const __m512 added = _mm512_add_ps(_mm512_permutexvar_ps(y, rows[r]), _mm512_permutexvar_ps(x, columns[r]));
      _mm512_storeu_ps(place, _mm512_fmadd_ps(added, inverse_scale, _mm512_loadu_ps(place)));
    }
  }
}

template <int kRows>
inline void add_grid(const WideAttention& head, int64_t query, const Scratch& scratch) {
  const WideGridScores& grid = *head.grid;
  const __m512 inverse_scale = _mm512_set1_ps(1 / head.scale);
  if (grid.height <= kLanes && grid.width <= kLanes) return add_narrow_grid<kRows>(grid, query, inverse_scale, scratch);
  for (int r = 0; r < kRows; ++r) add_wide_grid(grid, query + r, inverse_scale, scratch.scores_of(r));
}

template <int kRows>
inline void attend_tile(const WideAttention& head, const Scratch& scratch, int64_t query) {
  TileSums<kRows> sums;
  for (int64_t key = 0; key < head.keys; key += kPanelColumns) {
    multiply<kRows>(head.q + query * head.q_stride, head.q_stride, scratch.panel_of_key(key), head.channels / 2, sums);
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kVectors; ++j) {
        const int64_t first = key + j * kLanes;
        const __m512 scores = _mm512_mask_mov_ps(_mm512_set1_ps(kLowest), first_lanes(head.keys - first), sums[r][j]);
        _mm512_storeu_ps(scratch.scores_of(r) + first, scores);
      }
  }
  if (head.grid != nullptr) add_grid<kRows>(head, query, scratch);
  __m512 inverse[kRows];
  for (int r = 0; r < kRows; ++r)
    inverse[r] = _mm512_set1_ps(1 / exponentiate(scratch.scores_of(r), scratch.row, head.scale, scratch.weights_of(r)));
  for (int64_t channel = 0; channel < head.channels; channel += kPanelColumns) {
    multiply<kRows>(scratch.weights_of(0), scratch.row, scratch.panel_of_channel(channel), (head.keys + 1) / 2, sums);
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kVectors; ++j) {
        const int64_t first = channel + j * kLanes;
        store_bf16(head.output + (query + r) * head.output_stride + first, _mm512_mul_ps(sums[r][j], inverse[r]),
                   first_lanes(head.channels - first));
      }
  }
}

void attend(const WideAttention& head, int64_t begin, int64_t end) {
  const Scratch scratch(head);
  for_each_tile(begin, end, [&](int64_t query, auto rows) { attend_tile<rows.count>(head, scratch, query); });
}

}  // namespace

const WideAttentionKernel wide_attention_avx512bf16 = {.scratch_size = scratch_size, .pack = pack, .attend = attend};

}  // namespace omma
