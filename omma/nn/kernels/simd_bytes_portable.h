// Thirty-two bytes and eight floats, for loops that compilers turn into vectors of any target.
//
// A SIMD type of bytes gives a kernel: Bytes, Floats, what takes bytes apart, and the products of four neighbours. An operation on
// bytes is on each by itself.
#pragma once

#include "omma/io/gguf_layout.h"
#include "omma/nn/kernels/bfloat16.h"

namespace omma {
namespace {

struct PortableBytes {
  struct Bytes {
    uint8_t at[32];
  };
  struct Floats {
    float at[8];
  };

  static Bytes load(const void* from) {
    Bytes bytes;
    __builtin_memcpy(bytes.at, from, sizeof bytes.at);
    return bytes;
  }
  // The lower halves of 16 bytes, then the upper ones.
  static Bytes nibbles(const uint8_t* from) {
    Bytes bytes;
    for (int i = 0; i < 16; ++i) bytes.at[i] = from[i] & 15;
    for (int i = 0; i < 16; ++i) bytes.at[16 + i] = from[i] >> 4;
    return bytes;
  }
  // `value` where bit i of the 4 bytes is set, else 0.
  static Bytes bits(const uint8_t* from, int value) {
    Bytes bytes;
    for (int i = 0; i < 32; ++i) bytes.at[i] = from[i / 8] >> (i % 8) & 1 ? static_cast<uint8_t>(value) : 0;
    return bytes;
  }
  static Bytes look_up(Bytes nibbles, const int8_t* table) {
    for (uint8_t& byte : nibbles.at) byte = static_cast<uint8_t>(table[byte]);
    return nibbles;
  }
  // What is shifted in is anything: mask it.
  static Bytes shifted_right(Bytes bytes, int count) {
    for (uint8_t& byte : bytes.at) byte = static_cast<uint8_t>(byte >> count);
    return bytes;
  }
  static Bytes shifted_left(Bytes bytes, int count) {  // of which nothing is shifted out
    for (uint8_t& byte : bytes.at) byte = static_cast<uint8_t>(byte << count);
    return bytes;
  }
  static Bytes masked(Bytes bytes, int mask) {
    for (uint8_t& byte : bytes.at) byte = static_cast<uint8_t>(byte & mask);
    return bytes;
  }
  static Bytes either(Bytes a, const Bytes& b) {
    for (int i = 0; i < 32; ++i) a.at[i] |= b.at[i];
    return a;
  }

  // Lane i: the sum of the products of bytes 4 i to 4 i + 3, of b signed; a unsigned of 7 bits at most, or signed.
  static Floats dot(const Bytes& a, const Bytes& b) { return sums_of<uint8_t>(a, b); }
  static Floats dot_signed(const Bytes& a, const Bytes& b) { return sums_of<int8_t>(a, b); }

  // Those of bytes 8 `eighth` to 8 `eighth` + 7.
  static Floats floats_of_unsigned(const Bytes& bytes, int eighth) { return floats_of<uint8_t>(bytes, eighth); }
  static Floats floats_of_signed(const Bytes& bytes, int eighth) { return floats_of<int8_t>(bytes, eighth); }

  static float half(Fp16 number) {
    const uint32_t bits = static_cast<uint32_t>(number.bytes[0] | number.bytes[1] << 8), sign = (bits & 0x8000) << 16;
    const uint32_t magnitude = (bits & 0x7fff) << 13, exponent = magnitude & 0xf800000;
    if (exponent == 0xf800000) return __builtin_bit_cast(float, sign | magnitude | 0x7f800000);  // infinite, or none
    if (exponent != 0) return __builtin_bit_cast(float, sign | (magnitude + (112U << 23)));
    const float denormal = __builtin_bit_cast(float, magnitude + (113U << 23)) - 0x1p-14F;  // 2^-14 (1 + m) - 2^-14
    return sign != 0 ? -denormal : denormal;
  }
  static Floats broadcast(float x) {
    Floats floats;
    for (float& each : floats.at) each = x;
    return floats;
  }
  static Floats halves(const float* two) {  // four times each
    Floats floats;
    for (int i = 0; i < 8; ++i) floats.at[i] = two[i / 4];
    return floats;
  }
  static Floats of_half(const Floats& floats, int half) { return broadcast(floats.at[4 * half]); }  // what halves() was given
  static Floats load_floats(const float* from) {
    Floats floats;
    __builtin_memcpy(floats.at, from, sizeof floats.at);
    return floats;
  }
  static Floats times(Floats a, const Floats& b) {
    for (int i = 0; i < 8; ++i) a.at[i] *= b.at[i];
    return a;
  }
  static Floats plus(Floats a, const Floats& b) {
    for (int i = 0; i < 8; ++i) a.at[i] += b.at[i];
    return a;
  }
  static Floats fma(const Floats& a, const Floats& b, Floats sum) {
    for (int i = 0; i < 8; ++i) sum.at[i] += a.at[i] * b.at[i];
    return sum;
  }
  static float total(const Floats& floats) {
    float sum = 0;
    for (const float each : floats.at) sum += each;
    return sum;
  }
  static void store(float* to, const Floats& floats) { __builtin_memcpy(to, floats.at, sizeof floats.at); }
  static void store(Bfloat16* to, const Floats& floats) {  // to the nearest, ties to even; none is NaN
    for (int i = 0; i < 8; ++i) {
      const auto bits = __builtin_bit_cast(uint32_t, floats.at[i]);
      to[i] = {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
    }
  }

 private:
  template <class Number>
  static Floats sums_of(const Bytes& a, const Bytes& b) {
    Floats floats;
    for (int i = 0; i < 8; ++i) {
      int sum = 0;
      for (int j = 4 * i; j < 4 * i + 4; ++j) sum += static_cast<Number>(a.at[j]) * static_cast<int8_t>(b.at[j]);
      floats.at[i] = static_cast<float>(sum);
    }
    return floats;
  }
  template <class Number>
  static Floats floats_of(const Bytes& bytes, int eighth) {
    Floats floats;
    for (int i = 0; i < 8; ++i) floats.at[i] = static_cast<float>(static_cast<Number>(bytes.at[8 * eighth + i]));
    return floats;
  }
};

}  // namespace
}  // namespace omma
