// Products of matrices by AVX-512, a tile of up to 6 rows and 64 columns at a time, whose fp32 sums stay in registers.
#pragma once

#include "omma/nn/kernels/panel_avx512.h"

namespace omma {
namespace {

constexpr int kTileRows = 6;  // 24 sums, 4 right and 1 left factor in 32 registers

template <int kRows>
using TileSums = __m512[kRows][kVectors];

// A slot of a row of the left factor.
inline int slot_at(const void* place) {
  int bits;
  __builtin_memcpy(&bits, place, sizeof(bits));
  return bits;
}

// sum + left right, slot by slot; the bf16 one is there where the compiler is told of AVX-512 BF16.
inline __m512 multiply_add(const float*, __m512 sum, __m512i left, __m512i right) {
  return _mm512_fmadd_ps(_mm512_castsi512_ps(left), _mm512_castsi512_ps(right), sum);
}
#if defined(__AVX512BF16__)
inline __m512 multiply_add(const Bfloat16*, __m512 sum, __m512i left, __m512i right) {
  return _mm512_dpbf16_ps(sum, (__m512bh)left, (__m512bh)right);
}
#endif

// sums += x panel, of rows of so many slots that lie `stride` values apart.
template <int kRows, class Value>
inline void multiply(const Value* x, int64_t stride, const uint32_t* panel, int64_t slots, TileSums<kRows>& sums) {
  for (int64_t slot = 0; slot < slots; ++slot) {
    __m512i right[kVectors];
    for (int j = 0; j < kVectors; ++j) {
      right[j] = _mm512_loadu_si512(panel + slot * kPanelColumns + j * kLanes);
      __asm__("" : "+v"(right[j]));  // else it is loaded anew for every row, and loads are what the sums wait for
    }
    for (int r = 0; r < kRows; ++r) {
      const __m512i left = _mm512_set1_epi32(slot_at(x + r * stride + slot * kSlotValues<Value>));
      for (int j = 0; j < kVectors; ++j) sums[r][j] = multiply_add(x, sums[r][j], left, right[j]);
    }
  }
}

// Calls tile(row, Rows<count>()) for the rows [begin, end), as many at a time as a tile holds.
template <int kRows>
struct Rows {
  static constexpr int count = kRows;
};
template <class Tile>
inline void for_each_tile(int64_t begin, int64_t end, Tile&& tile) {
  int64_t row = begin;
  for (; end - row >= kTileRows; row += kTileRows) tile(row, Rows<kTileRows>());
  if (end - row == 5) tile(row, Rows<5>());
  if (end - row == 4) tile(row, Rows<4>());
  if (end - row == 3) tile(row, Rows<3>());
  if (end - row == 2) tile(row, Rows<2>());
  if (end - row == 1) tile(row, Rows<1>());
}

// Of wide_attention_loops.h.
template <class Number>
struct Avx512Product {
  using Value = Number;
  static constexpr int64_t kRows = 8 * kTileRows;  // to which a panel's slots come from the nearest cache

  void multiply(const LeftRows<Value>& left, const uint32_t* panel, int64_t values, const Sums& sums, bool adds) const {
    for_each_tile(0, left.rows, [&](int64_t row, auto rows) {
      TileSums<rows.count> tile;
      float* places = sums.at + row * sums.stride;
      for (int r = 0; r < rows.count; ++r)
        for (int j = 0; j < kVectors; ++j)
          tile[r][j] = adds ? _mm512_loadu_ps(places + r * sums.stride + j * kLanes) : _mm512_setzero_ps();
      omma::multiply<rows.count>(left.x + row * left.stride, left.stride, panel,
                                 rounded_up(values, kSlotValues<Value>) / kSlotValues<Value>, tile);
      for (int r = 0; r < rows.count; ++r)
        for (int j = 0; j < kVectors; ++j) _mm512_storeu_ps(places + r * sums.stride + j * kLanes, tile[r][j]);
    });
  }
};

}  // namespace
}  // namespace omma
