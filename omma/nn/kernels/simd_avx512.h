// Sixteen floats: AVX-512 F, BW, DQ and VL. See simd_portable.h for what a SIMD type gives.
#pragma once

#include <immintrin.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {
namespace {

struct Avx512 {
  using Real = float;
  using Vector = __m512;
  static constexpr int kLanes = 16;
  struct All {
    static constexpr __mmask16 mask = 0xffff;
  };
  struct First {
    explicit First(int64_t lanes) : mask(static_cast<__mmask16>((1u << lanes) - 1)) {}
    __mmask16 mask;
  };

  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector broadcast(float x) { return _mm512_set1_ps(x); }
  static Vector fma(Vector a, Vector b, Vector sum) { return _mm512_fmadd_ps(a, b, sum); }

  template <class Lanes>
  static Vector load(const float* from, Lanes lanes) {
    return _mm512_maskz_loadu_ps(lanes.mask, from);
  }
  template <class Lanes>
  static void store(float* to, Vector x, Lanes lanes) {
    _mm512_mask_storeu_ps(to, lanes.mask, x);
  }
  template <class Lanes>
  static Vector load(const Bfloat16* from, Lanes lanes) {
    const __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes.mask, from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
  }
  template <class Lanes>
  static void store(Bfloat16* to, Vector x, Lanes lanes) {
    _mm256_mask_storeu_epi16(to, lanes.mask, rounded(x));
  }

  template <class Lanes>
  static Vector load(const int8_t* from, Lanes lanes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(lanes.mask, from)));
  }

  static void add_sums(Vector a, Vector b, Vector c, Vector d, float* sums) {
    const __m256 quads = _mm256_hadd_ps(_mm256_hadd_ps(halved(a), halved(b)), _mm256_hadd_ps(halved(c), halved(d)));
    const __m128 total = _mm_add_ps(_mm256_castps256_ps128(quads), _mm256_extractf128_ps(quads, 1));
    _mm_storeu_ps(sums, _mm_add_ps(_mm_loadu_ps(sums), total));
  }

 private:
  static __m256 halved(Vector x) { return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)); }

  static __m256i rounded(Vector x) {  // to the nearest, ties to even
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_mov_epi32(up, nan, _mm512_set1_epi32(0x7fc00000)), 16));
  }
};

}  // namespace
}  // namespace omma
