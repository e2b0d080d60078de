// Products of bf16 matrices by AVX-512 BF16, a tile of up to 6 rows and 64 columns at a time, whose fp32 sums stay in registers.
//
// One instruction multiplies 16 pairs of bf16 and adds both products of a pair to a sum: the left factor gives a pair of neighbours
// of a row, the right one the same pair of 16 columns. The right factor is packed for that first, a panel of 64 columns after the
// other: panel[p][c] = (b[2 p][c], b[2 p + 1][c]). Everything here has internal linkage, as in the other kernels' loops.
#pragma once

#include <immintrin.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {
namespace {

constexpr int64_t kLanes = 16;
constexpr int kVectors = 4;
constexpr int64_t kPanelColumns = kVectors * kLanes;
constexpr int kTileRows = 6;  // 24 sums, 4 right and 1 left factor in 32 registers

template <int kRows>
using TileSums = __m512[kRows][kVectors];

inline __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}
inline int64_t rounded_up(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

// 16 rows of 16 values change places with columns.
inline void transpose(__m512i (&rows)[kLanes]) {
  __m512i mixed[kLanes];
  for (int i = 0; i < 16; i += 2) {
    mixed[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    mixed[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(mixed[i], mixed[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(mixed[i], mixed[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(mixed[i + 1], mixed[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(mixed[i + 1], mixed[i + 3]);
  }
  for (int i = 0; i < 16; i += 8)
    for (int j = i; j < i + 4; ++j) {
      mixed[j] = _mm512_shuffle_i32x4(rows[j], rows[j + 4], 0x88);
      mixed[j + 4] = _mm512_shuffle_i32x4(rows[j], rows[j + 4], 0xdd);
    }
  for (int i = 0; i < 8; ++i) {
    rows[i] = _mm512_shuffle_i32x4(mixed[i], mixed[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(mixed[i], mixed[i + 8], 0xdd);
  }
}

// The panel whose columns are rows of `from`: at most 64 of an even number of values; columns beyond are zeros.
inline void pack_rows(const Bfloat16* from, int64_t stride, int64_t rows, int64_t values, uint32_t* panel) {
  for (int64_t column = 0; column < kPanelColumns; column += kLanes) {
    for (int64_t pair = 0; pair < values / 2; pair += kLanes) {
      const int64_t pairs = values / 2 - pair < kLanes ? values / 2 - pair : kLanes;
      __m512i block[kLanes];
      for (int64_t i = 0; i < kLanes; ++i)
        block[i] = column + i < rows ? _mm512_maskz_loadu_epi32(first_lanes(pairs), from + (column + i) * stride + 2 * pair)
                                     : _mm512_setzero_si512();
      transpose(block);
      for (int64_t i = 0; i < pairs; ++i) _mm512_storeu_si512(panel + (pair + i) * kPanelColumns + column, block[i]);
    }
  }
}

// The panel whose columns are columns of `from`: at most 64; of an odd number of rows the last one's neighbour is zeros.
inline void pack_columns(const Bfloat16* from, int64_t stride, int64_t rows, int64_t columns, uint32_t* panel) {
  for (int64_t row = 0; row < rows; row += 2) {
    for (int64_t column = 0; column < kPanelColumns; column += kLanes) {
      const __mmask16 lanes = first_lanes(columns - column), both = row + 1 < rows ? lanes : 0;
      const Bfloat16* first = from + row * stride + column;
      const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, first));
      const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(both, first + stride));
      _mm512_storeu_si512(panel + row / 2 * kPanelColumns + column, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
  }
}

// sums = x panel, of rows of `pairs` pairs that lie `stride` apart.
template <int kRows>
inline void multiply(const Bfloat16* x, int64_t stride, const uint32_t* panel, int64_t pairs, TileSums<kRows>& sums) {
  for (auto& of_row : sums)
    for (auto& sum : of_row) sum = _mm512_setzero_ps();
  for (int64_t pair = 0; pair < pairs; ++pair) {
    __m512bh right[kVectors];
    for (int j = 0; j < kVectors; ++j) right[j] = (__m512bh)_mm512_loadu_si512(panel + pair * kPanelColumns + j * kLanes);
    for (int r = 0; r < kRows; ++r) {
      int bits;
      __builtin_memcpy(&bits, x + r * stride + 2 * pair, sizeof(bits));
      const __m512bh left = (__m512bh)_mm512_set1_epi32(bits);
      for (int j = 0; j < kVectors; ++j) sums[r][j] = _mm512_dpbf16_ps(sums[r][j], left, right[j]);
    }
  }
}

inline void store_bf16(Bfloat16* to, __m512 x, __mmask16 lanes) {
  _mm256_mask_storeu_epi16(to, lanes, (__m256i)_mm512_cvtneps_pbh(x));
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

}  // namespace
}  // namespace omma
