// What the bytes of a GGUF file's blocks mean: 32 or 256 weights that share their scales.
//
// The blocks are ggml's; a row of a matrix is a whole number of them, one after the other. They hold bytes alone, so that a pointer
// into a mapped file may be taken for one at any alignment. In all formulas float is fp32 and every operation is rounded by itself,
// as the Python package `gguf` does it (gguf.quants, the oracle of tests/parity/gguf). No standard library: kernels read it, too.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <stdint.h>

namespace omma {

// An IEEE half and the upper half of a float, little-endian.
struct Fp16 {
  uint8_t bytes[2];
};
struct Bf16 {
  uint8_t bytes[2];
};

// Blocks of 32. Nibbles: byte i holds weight i in its lower and weight 16 + i in its upper half.

// y = d q, q of int8.
struct BlockQ8_0 {
  static constexpr int elements = 32;
  Fp16 d;
  int8_t qs[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

// y = d (q - 8), q of 4 bits.
struct BlockQ4_0 {
  static constexpr int elements = 32;
  Fp16 d;
  uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockQ4_0) == 18);

// y = d q + m, q of 4 bits.
struct BlockQ4_1 {
  static constexpr int elements = 32;
  Fp16 d, m;
  uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockQ4_1) == 20);

// y = d (q - 16), q of 5 bits.
struct BlockQ5_0 {
  static constexpr int elements = 32;
  Fp16 d;
  uint8_t qh[4];   // the fifth bits: bit i % 8 of byte i / 8 is that of weight i
  uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockQ5_0) == 22);

// y = d q + m, q of 5 bits.
struct BlockQ5_1 {
  static constexpr int elements = 32;
  Fp16 d, m;
  uint8_t qh[4];  // as in Q5_0
  uint8_t qs[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

// y = d table[q], q of 4 bits.
inline constexpr int8_t iq4_nl_table[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
struct BlockIQ4_NL {
  static constexpr int elements = 32;
  Fp16 d;
  uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockIQ4_NL) == 18);

// Blocks of 256 ("K"), in sub-blocks of 16 or 32 with a scale of few bits each; s is the number of a weight's sub-block.
// Crumbs: byte 32 n + l holds, from its lowest bits on, two bits of the weights 128 n + l, + 32, + 64 and + 96.
// Nibbles: byte 32 n + l holds the weight 64 n + l in its lower and 64 n + 32 + l in its upper half.

// y = (d scale[s]) q - (dmin min[s]), sub-blocks of 16, q of 2 bits.
struct BlockQ2_K {
  static constexpr int elements = 256;
  uint8_t scales[16];  // lower half: scale; upper half: min
  uint8_t qs[64];      // crumbs
  Fp16 d, dmin;
};
static_assert(sizeof(BlockQ2_K) == 84);

// y = (d (scale[s] - 32)) (q - 4 where the high bit is not set), sub-blocks of 16, q of 2 bits.
struct BlockQ3_K {
  static constexpr int elements = 256;
  uint8_t hmask[32];   // the high bits: bit i / 32 of byte i % 32 is that of weight i
  uint8_t qs[64];      // crumbs
  uint8_t scales[12];  // of 6 bits: the lower four of 0..7 and 8..15 are the nibbles of the first 8 bytes (byte s % 8); the
                       // upper two of 4 k + i are the crumb k of byte 8 + i
  Fp16 d;
};
static_assert(sizeof(BlockQ3_K) == 110);

// y = (d scale[s]) q - (dmin min[s]), sub-blocks of 32, q of 4 bits.
struct BlockQ4_K {
  static constexpr int elements = 256;
  Fp16 d, dmin;
  uint8_t scales[12];  // scales and mins of 6 bits: see unpack_scales()
  uint8_t qs[128];     // nibbles
};
static_assert(sizeof(BlockQ4_K) == 144);

// The same with q of 5 bits.
struct BlockQ5_K {
  static constexpr int elements = 256;
  Fp16 d, dmin;
  uint8_t scales[12];
  uint8_t qh[32];   // the fifth bits: bit i / 32 of byte i % 32 is that of weight i
  uint8_t qs[128];  // nibbles
};
static_assert(sizeof(BlockQ5_K) == 176);

// y = (d scale[s]) (q - 32), sub-blocks of 16, q of 6 bits.
struct BlockQ6_K {
  static constexpr int elements = 256;
  uint8_t ql[128];  // the lower four: byte 64 n + l holds those of the weights 128 n + l and 128 n + 64 + l
  uint8_t qh[64];   // the upper two: crumbs
  int8_t scales[16];
  Fp16 d;
};
static_assert(sizeof(BlockQ6_K) == 210);

}  // namespace omma
