// Thirty-two bytes and eight floats: AVX2, FMA and F16C. See simd_bytes_portable.h for what each operation is.
#pragma once

#include <immintrin.h>

#include "omma/io/gguf_layout.h"
#include "omma/nn/kernels/bfloat16.h"

namespace omma {
namespace {

struct Avx2Bytes {
  using Bytes = __m256i;
  using Floats = __m256;

  static Bytes load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
  static Bytes nibbles(const uint8_t* from) {
    const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return masked(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), 15);
  }
  static Bytes bits(const uint8_t* from, int value) {
    int32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    const __m256i byte_of = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0x0000000000000000);
    const __m256i bit_of = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
    const __m256i spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), byte_of), bit_of);
    return masked(_mm256_cmpeq_epi8(spread, bit_of), value);
  }
  static Bytes look_up(Bytes nibbles, const int8_t* table) {
    const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), nibbles);
  }
  static Bytes shifted_right(Bytes bytes, int count) { return _mm256_srli_epi16(bytes, count); }
  static Bytes shifted_left(Bytes bytes, int count) { return _mm256_slli_epi16(bytes, count); }
  static Bytes masked(Bytes bytes, int mask) { return _mm256_and_si256(bytes, _mm256_set1_epi8(static_cast<char>(mask))); }
  static Bytes either(Bytes a, Bytes b) { return _mm256_or_si256(a, b); }

  static Floats dot(Bytes a, Bytes b) {  // pairs of 7 and 8 bits do not leave 16
    return _mm256_cvtepi32_ps(_mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)));
  }
  static Floats dot_signed(Bytes a, Bytes b) { return dot(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a)); }

  static Floats floats_of_unsigned(Bytes bytes, int eighth) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(part(bytes, eighth)));
  }
  static Floats floats_of_signed(Bytes bytes, int eighth) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(part(bytes, eighth))); }

  static float half(Fp16 number) { return _cvtsh_ss(static_cast<uint16_t>(number.bytes[0] | number.bytes[1] << 8)); }
  static Floats broadcast(float x) { return _mm256_set1_ps(x); }
  static Floats halves(const float* two) { return _mm256_set_m128(_mm_broadcast_ss(two + 1), _mm_broadcast_ss(two)); }
  static Floats of_half(Floats floats, int half) {
    return half == 0 ? _mm256_permute2f128_ps(floats, floats, 0x00) : _mm256_permute2f128_ps(floats, floats, 0x11);
  }
  static Floats load_floats(const float* from) { return _mm256_loadu_ps(from); }
  static Floats times(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats plus(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats sum) { return _mm256_fmadd_ps(a, b, sum); }
  static float total(Floats floats) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(floats), _mm256_extractf128_ps(floats, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
  }
  static void store(float* to, Floats floats) { _mm256_storeu_ps(to, floats); }
  static void store(Bfloat16* to, Floats floats) {
    const __m256i bits = _mm256_castps_si256(floats);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd), 16);
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(up), _mm256_extracti128_si256(up, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), words);
  }

 private:
  static __m128i part(Bytes bytes, int eighth) {
    const __m128i lane = eighth < 2 ? _mm256_castsi256_si128(bytes) : _mm256_extracti128_si256(bytes, 1);
    return eighth % 2 == 0 ? lane : _mm_unpackhi_epi64(lane, lane);
  }
};

}  // namespace
}  // namespace omma
