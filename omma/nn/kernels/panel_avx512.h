// The right factors of matrix products as AVX-512's and AMX's instructions read them.
//
// They come packed, a panel of 64 columns after the other, of numbers of 32 bits, slots: a float, or a pair of bf16, of which an
// instruction adds both products to a sum. panel[p][c] = b[p][c], or (b[2 p][c], b[2 p + 1][c]), with zeros up to a whole number of
// 16 slots. Everything here has internal linkage, as in the other kernels' loops.
#pragma once

#include "omma/nn/kernels/bfloat16.h"
#include "omma/nn/kernels/simd_avx512.h"

namespace omma {
namespace {

constexpr int64_t kLanes = Avx512::kLanes;
constexpr int kVectors = 4;
constexpr int64_t kPanelColumns = kVectors * kLanes;
template <class Value>
constexpr int64_t kSlotValues = 4 / sizeof(Value);
template <class Value>
constexpr int64_t kPanelUnit = kLanes * kSlotValues<Value>;  // values that a panel's depth is filled up to

struct Lanes {
  __mmask16 mask;
};
inline Lanes first_lanes(int64_t count) {
  return {static_cast<__mmask16>(count >= kLanes ? 0xffff : count <= 0 ? 0 : (1 << count) - 1)};
}
constexpr int64_t rounded_up(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }
constexpr int64_t at_most(int64_t limit, int64_t x) { return x < limit ? x : limit; }

inline __m512 broadcast(float x) { return _mm512_set1_ps(x); }
inline __m512 broadcast(Bfloat16 x) { return _mm512_castsi512_ps(_mm512_set1_epi32(x.bits << 16)); }

inline void store(float* to, __m512 x, __mmask16 lanes) { _mm512_mask_storeu_ps(to, lanes, x); }
#if defined(__AVX512BF16__)
inline void store(Bfloat16* to, __m512 x, __mmask16 lanes) { _mm256_mask_storeu_epi16(to, lanes, (__m256i)_mm512_cvtneps_pbh(x)); }
#endif

// 16 rows of 16 slots change places with columns.
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

// The panel whose columns are rows of `from`: at most 64 of a whole number of slots; columns beyond are zeros.
template <class Value>
inline void pack_rows(const Value* from, int64_t stride, int64_t rows, int64_t values, uint32_t* panel) {
  for (int64_t column = 0; column < kPanelColumns; column += kLanes) {
    for (int64_t value = 0; value < values; value += kPanelUnit<Value>) {
      const __mmask16 slots = first_lanes((values - value) / kSlotValues<Value>).mask;
      __m512i block[kLanes];
      for (int64_t i = 0; i < kLanes; ++i)
        block[i] =
            column + i < rows ? _mm512_maskz_loadu_epi32(slots, from + (column + i) * stride + value) : _mm512_setzero_si512();
      transpose(block);
      uint32_t* to = panel + value / kSlotValues<Value> * kPanelColumns + column;
      for (int64_t i = 0; i < kLanes; ++i) _mm512_storeu_si512(to + i * kPanelColumns, block[i]);
    }
  }
}

// The panel whose columns are columns of `from`: at most 64.
template <class Value>
inline void pack_columns(const Value* from, int64_t stride, int64_t rows, int64_t columns, uint32_t* panel) {
  for (int64_t row = 0; row < rounded_up(rows, kPanelUnit<Value>); row += kSlotValues<Value>, panel += kPanelColumns) {
    for (int64_t column = 0; column < kPanelColumns; column += kLanes) {
      const auto mask_of = [&](int64_t r) { return r < rows ? first_lanes(columns - column).mask : __mmask16{0}; };
      const Value* place = from + row * stride + column;
      __m512i slots;
      if constexpr (kSlotValues<Value> == 1) {
        slots = _mm512_maskz_loadu_epi32(mask_of(row), place);
      } else {
        const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask_of(row), place));
        const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask_of(row + 1), place + stride));
        slots = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
      }
      _mm512_storeu_si512(panel + column, slots);
    }
  }
}

template <class Value>
struct LeftRows {
  const Value* x;
  int64_t stride;  // values from row to row
  int64_t rows;
};
struct Sums {
  float* at;
  int64_t stride;
};

}  // namespace
}  // namespace omma
