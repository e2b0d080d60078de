// Eight floats: AVX2 and FMA. See simd_portable.h for what a SIMD type gives.
#pragma once

#include <immintrin.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {
namespace {

struct Avx2 {
  using Real = float;
  using Vector = __m256;
  static constexpr int kLanes = 8;
  struct All {};
  struct First {
    explicit First(int64_t lanes)
        : count(static_cast<int>(lanes)),
          mask(_mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))) {}
    int count;
    __m256i mask;
  };

  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector broadcast(float x) { return _mm256_set1_ps(x); }
  static Vector fma(Vector a, Vector b, Vector sum) { return _mm256_fmadd_ps(a, b, sum); }

  static Vector load(const float* from, All) { return _mm256_loadu_ps(from); }
  static Vector load(const float* from, First lanes) { return _mm256_maskload_ps(from, lanes.mask); }
  static void store(float* to, Vector x, All) { _mm256_storeu_ps(to, x); }
  static void store(float* to, Vector x, First lanes) { _mm256_maskstore_ps(to, lanes.mask, x); }

  static Vector load(const Bfloat16* from, All) { return widened(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))); }
  static Vector load(const Bfloat16* from, First lanes) {
    Bfloat16 held[kLanes] = {};
    for (int i = 0; i < lanes.count; ++i) held[i] = from[i];
    return load(held, All{});
  }
  static void store(Bfloat16* to, Vector x, All) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), rounded(x)); }
  static void store(Bfloat16* to, Vector x, First lanes) {
    Bfloat16 held[kLanes];
    store(held, x, All{});
    for (int i = 0; i < lanes.count; ++i) to[i] = held[i];
  }

  static Vector load(const int8_t* from, All) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
  }
  static Vector load(const int8_t* from, First lanes) {
    int8_t held[kLanes] = {};
    for (int i = 0; i < lanes.count; ++i) held[i] = from[i];
    return load(held, All{});
  }

  static void add_sums(Vector a, Vector b, Vector c, Vector d, float* sums) {
    const __m256 halves = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    const __m128 total = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
    _mm_storeu_ps(sums, _mm_add_ps(_mm_loadu_ps(sums), total));
  }

 private:
  static Vector widened(__m128i bits) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16)); }

  static __m128i rounded(Vector x) {  // to the nearest, ties to even
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    const __m256i high = _mm256_srli_epi32(_mm256_blendv_epi8(up, _mm256_set1_epi32(0x7fc00000), nan), 16);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0x08));
  }
};

}  // namespace
}  // namespace omma
