// The types of a GGUF file's tensors: plain numbers, and blocks of 32 or 256 weights that share their scales.
//
// The blocks are ggml's, here with what each byte means; a row of a matrix is a whole number of them, one after the other. They
// hold bytes alone, so that a pointer into a mapped file may be taken for one at any alignment. In all formulas float is fp32 and
// every operation is rounded by itself, as the Python package `gguf` does it (gguf.quants, the oracle of tests/parity/gguf).
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace omma {

// The values are the file's own.
enum class GgufType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq4_nl = 20,
  i8 = 24,  // the integers and f64 hold no weights of a model: their sizes are known, nothing more
  i16 = 25,
  i32 = 26,
  i64 = 27,
  f64 = 28,
  bf16 = 30,
};

std::optional<GgufType> gguf_type_from_id(std::uint32_t id);  // nullopt for a type that omma does not read
std::string describe_gguf_type(std::uint32_t id);             // "IQ2_XXS (16)", also of types that omma does not read
std::string_view name_of(GgufType type);                      // "Q4_K"
std::size_t block_elements(GgufType type);                    // in a block: 1, 32 or 256
std::size_t block_bytes(GgufType type);                       // of a block
bool is_weight_type(GgufType type);                           // whether dequantize() takes it

// Blocks of `type` as fp32, block after block: bytes.size() / block_bytes(type) of them, from any address. On one thread and
// thread-safe: large tensors are cut into rows by their caller. Throws std::invalid_argument for i8 to i64 and f64, and where the
// sizes do not match.
void dequantize(GgufType type, std::span<const std::uint8_t> bytes, std::span<float> floats);

// An IEEE half, and the upper half of a float (bfloat16), little-endian.
struct Fp16 {
  std::uint8_t bytes[2];
};
struct Bf16 {
  std::uint8_t bytes[2];
};

// Exact, NaN with its payload; denormals come out right also where the processor is told to flush them. Without a branch, so that
// loops become vectors.
inline float float_of_half(std::uint16_t half) {
  constexpr std::uint32_t exponent = 0x7C00U << 13, rebias = (127 - 15) << 23;
  const std::uint32_t magnitude = (half & 0x7FFFU) << 13;
  const std::uint32_t infinite_or_nan = (magnitude & exponent) == exponent;
  const std::uint32_t normal = magnitude + rebias + infinite_or_nan * rebias;
  // A denormal half is a normal float: 2^-14 (1 + m) - 2^-14.
  const auto denormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude + rebias + (1U << 23)) - 0x1p-14F);
  const std::uint32_t is_denormal = 0U - ((magnitude & exponent) == 0);  // all bits or none
  return std::bit_cast<float>((denormal & is_denormal) | (normal & ~is_denormal) | (half & 0x8000U) << 16);
}
inline float float_of_upper_half(std::uint16_t upper) { return std::bit_cast<float>(std::uint32_t{upper} << 16); }

inline float to_float(Fp16 half) { return float_of_half(std::bit_cast<std::uint16_t>(half)); }
inline float to_float(Bf16 upper) { return float_of_upper_half(std::bit_cast<std::uint16_t>(upper)); }

// Blocks of 32. Nibbles: byte i holds weight i in its lower and weight 16 + i in its upper half.

// y = d q, q of int8.
struct BlockQ8_0 {
  static constexpr std::size_t elements = 32;
  Fp16 d;
  std::int8_t qs[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

// y = d (q - 8), q of 4 bits.
struct BlockQ4_0 {
  static constexpr std::size_t elements = 32;
  Fp16 d;
  std::uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockQ4_0) == 18);

// y = d q + m, q of 4 bits.
struct BlockQ4_1 {
  static constexpr std::size_t elements = 32;
  Fp16 d, m;
  std::uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockQ4_1) == 20);

// y = d (q - 16), q of 5 bits.
struct BlockQ5_0 {
  static constexpr std::size_t elements = 32;
  Fp16 d;
  std::uint8_t qh[4];   // the fifth bits: bit i % 8 of byte i / 8 is that of weight i
  std::uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockQ5_0) == 22);

// y = d q + m, q of 5 bits.
struct BlockQ5_1 {
  static constexpr std::size_t elements = 32;
  Fp16 d, m;
  std::uint8_t qh[4];  // as in Q5_0
  std::uint8_t qs[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

// y = d table[q], q of 4 bits.
inline constexpr std::int8_t iq4_nl_table[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
struct BlockIQ4_NL {
  static constexpr std::size_t elements = 32;
  Fp16 d;
  std::uint8_t qs[16];  // nibbles
};
static_assert(sizeof(BlockIQ4_NL) == 18);

// Blocks of 256 ("K"), in sub-blocks of 16 or 32 with a scale of few bits each; s is the number of a weight's sub-block.
// Crumbs: byte 32 n + l holds, from its lowest bits on, two bits of the weights 128 n + l, + 32, + 64 and + 96.
// Nibbles: byte 32 n + l holds the weight 64 n + l in its lower and 64 n + 32 + l in its upper half.

// y = (d scale[s]) q - (dmin min[s]), sub-blocks of 16, q of 2 bits.
struct BlockQ2_K {
  static constexpr std::size_t elements = 256;
  std::uint8_t scales[16];  // lower half: scale; upper half: min
  std::uint8_t qs[64];      // crumbs
  Fp16 d, dmin;
};
static_assert(sizeof(BlockQ2_K) == 84);

// y = (d (scale[s] - 32)) (q - 4 where the high bit is not set), sub-blocks of 16, q of 2 bits.
struct BlockQ3_K {
  static constexpr std::size_t elements = 256;
  std::uint8_t hmask[32];   // the high bits: bit i / 32 of byte i % 32 is that of weight i
  std::uint8_t qs[64];      // crumbs
  std::uint8_t scales[12];  // of 6 bits: the lower four of 0..7 and 8..15 are the nibbles of the first 8 bytes (byte s % 8); the
                            // upper two of 4 k + i are the crumb k of byte 8 + i
  Fp16 d;
};
static_assert(sizeof(BlockQ3_K) == 110);

// y = (d scale[s]) q - (dmin min[s]), sub-blocks of 32, q of 4 bits.
struct BlockQ4_K {
  static constexpr std::size_t elements = 256;
  Fp16 d, dmin;
  std::uint8_t scales[12];  // scales and mins of 6 bits: see unpack_scales()
  std::uint8_t qs[128];     // nibbles
};
static_assert(sizeof(BlockQ4_K) == 144);

// The same with q of 5 bits.
struct BlockQ5_K {
  static constexpr std::size_t elements = 256;
  Fp16 d, dmin;
  std::uint8_t scales[12];
  std::uint8_t qh[32];   // the fifth bits: bit i / 32 of byte i % 32 is that of weight i
  std::uint8_t qs[128];  // nibbles
};
static_assert(sizeof(BlockQ5_K) == 176);

// y = (d scale[s]) (q - 32), sub-blocks of 16, q of 6 bits.
struct BlockQ6_K {
  static constexpr std::size_t elements = 256;
  std::uint8_t ql[128];  // the lower four: byte 64 n + l holds those of the weights 128 n + l and 128 n + 64 + l
  std::uint8_t qh[64];   // the upper two: crumbs
  std::int8_t scales[16];
  Fp16 d;
};
static_assert(sizeof(BlockQ6_K) == 210);

// Of the eight sub-blocks of Q4_K and Q5_K, 0 to 63.
struct ScalesAndMins {
  std::uint8_t scale[8], min[8];
};
ScalesAndMins unpack_scales(const std::uint8_t (&packed)[12]);

// The sixteen scales of Q3_K, -32 to 31.
struct SignedScales {
  std::int8_t scale[16];
};
SignedScales unpack_signed_scales(const std::uint8_t (&packed)[12]);

}  // namespace omma
