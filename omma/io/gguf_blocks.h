// The types of a GGUF file's tensors: plain numbers, and blocks of 32 or 256 weights that share their scales (gguf_layout.h).
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "omma/io/gguf_layout.h"

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
