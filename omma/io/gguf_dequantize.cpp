// Blocks as fp32. Compiled without contraction: a product and a sum in one rounding would differ from the reference. Loops run over
// whole sub-blocks without a branch, which compilers turn into vectors.
#include <cstring>

#include "omma/base/error.h"
#include "omma/io/gguf_blocks.h"

namespace omma {
namespace {

constexpr float as_float(int value) { return static_cast<float>(value); }

void unpack(const BlockQ8_0& block, float* __restrict y) {
  const float d = to_float(block.d);
  for (int i = 0; i < 32; ++i) y[i] = d * as_float(block.qs[i]);
}

void unpack(const BlockQ4_0& block, float* __restrict y) {
  const float d = to_float(block.d);
  for (int i = 0; i < 16; ++i) y[i] = d * as_float((block.qs[i] & 15) - 8);
  for (int i = 0; i < 16; ++i) y[16 + i] = d * as_float((block.qs[i] >> 4) - 8);
}

void unpack(const BlockQ4_1& block, float* __restrict y) {
  const float d = to_float(block.d), m = to_float(block.m);
  for (int i = 0; i < 16; ++i) y[i] = d * as_float(block.qs[i] & 15) + m;
  for (int i = 0; i < 16; ++i) y[16 + i] = d * as_float(block.qs[i] >> 4) + m;
}

// The weights' fifth bits, in their place.
struct FifthBits {
  std::uint8_t bit[32];
};
FifthBits spread(const std::uint8_t (&qh)[4]) {
  constexpr std::uint8_t masks[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  FifthBits bits;
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 8; ++j) bits.bit[8 * i + j] = (qh[i] & masks[j]) != 0 ? 16 : 0;
  return bits;
}

void unpack(const BlockQ5_0& block, float* __restrict y) {
  const float d = to_float(block.d);
  const FifthBits high = spread(block.qh);
  for (int i = 0; i < 16; ++i) y[i] = d * as_float((block.qs[i] & 15) + high.bit[i] - 16);
  for (int i = 0; i < 16; ++i) y[16 + i] = d * as_float((block.qs[i] >> 4) + high.bit[16 + i] - 16);
}

void unpack(const BlockQ5_1& block, float* __restrict y) {
  const float d = to_float(block.d), m = to_float(block.m);
  const FifthBits high = spread(block.qh);
  for (int i = 0; i < 16; ++i) y[i] = d * as_float((block.qs[i] & 15) + high.bit[i]) + m;
  for (int i = 0; i < 16; ++i) y[16 + i] = d * as_float((block.qs[i] >> 4) + high.bit[16 + i]) + m;
}

void unpack(const BlockIQ4_NL& block, float* __restrict y) {
  const float d = to_float(block.d);
  for (int i = 0; i < 16; ++i) y[i] = d * as_float(iq4_nl_table[block.qs[i] & 15]);
  for (int i = 0; i < 16; ++i) y[16 + i] = d * as_float(iq4_nl_table[block.qs[i] >> 4]);
}

void unpack(const BlockQ2_K& block, float* __restrict y) {
  const float d = to_float(block.d), dmin = to_float(block.dmin);
  for (int s = 0; s < 16; ++s, y += 16) {
    const std::uint8_t* qs = block.qs + s / 8 * 32 + s % 2 * 16;
    const int shift = s % 8 / 2 * 2;
    const float scale = d * as_float(block.scales[s] & 15), min = dmin * as_float(block.scales[s] >> 4);
    for (int i = 0; i < 16; ++i) y[i] = scale * as_float(qs[i] >> shift & 3) - min;
  }
}

void unpack(const BlockQ3_K& block, float* __restrict y) {
  const float d = to_float(block.d);
  const SignedScales scales = unpack_signed_scales(block.scales);
  for (int s = 0; s < 16; ++s, y += 16) {
    const std::uint8_t* qs = block.qs + s / 8 * 32 + s % 2 * 16;
    const std::uint8_t* high = block.hmask + s % 2 * 16;
    const int shift = s % 8 / 2 * 2, bit = s / 2;
    const float scale = d * as_float(scales.scale[s]);
    for (int i = 0; i < 16; ++i) y[i] = scale * as_float((qs[i] >> shift & 3) + (high[i] >> bit & 1) * 4 - 4);
  }
}

void unpack(const BlockQ4_K& block, float* __restrict y) {
  const float d = to_float(block.d), dmin = to_float(block.dmin);
  const auto [scales, mins] = unpack_scales(block.scales);
  for (int s = 0; s < 8; ++s, y += 32) {
    const std::uint8_t* qs = block.qs + s / 2 * 32;
    const int shift = s % 2 * 4;
    const float scale = d * as_float(scales[s]), min = dmin * as_float(mins[s]);
    for (int i = 0; i < 32; ++i) y[i] = scale * as_float(qs[i] >> shift & 15) - min;
  }
}

void unpack(const BlockQ5_K& block, float* __restrict y) {
  const float d = to_float(block.d), dmin = to_float(block.dmin);
  const auto [scales, mins] = unpack_scales(block.scales);
  for (int s = 0; s < 8; ++s, y += 32) {
    const std::uint8_t* qs = block.qs + s / 2 * 32;
    const int shift = s % 2 * 4;
    const float scale = d * as_float(scales[s]), min = dmin * as_float(mins[s]);
    for (int i = 0; i < 32; ++i) y[i] = scale * as_float((qs[i] >> shift & 15) + (block.qh[i] >> s & 1) * 16) - min;
  }
}

void unpack(const BlockQ6_K& block, float* __restrict y) {
  const float d = to_float(block.d);
  for (int s = 0; s < 16; ++s, y += 16) {
    const std::uint8_t* low = block.ql + s / 8 * 64 + s % 4 * 16;
    const std::uint8_t* high = block.qh + s / 8 * 32 + s % 2 * 16;
    const int low_shift = s % 8 / 4 * 4, high_shift = s % 8 / 2 * 2;
    const float scale = d * as_float(block.scales[s]);
    for (int i = 0; i < 16; ++i) y[i] = scale * as_float((low[i] >> low_shift & 15) + (high[i] >> high_shift & 3) * 16 - 32);
  }
}

template <class Block>
void unpack_all(std::span<const std::uint8_t> bytes, float* y) {
  static_assert(alignof(Block) == 1);
  const auto* blocks = reinterpret_cast<const Block*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size() / sizeof(Block); ++i) unpack(blocks[i], y + i * Block::elements);
}

template <float (*convert)(std::uint16_t)>
void convert_all(std::span<const std::uint8_t> bytes, float* __restrict y) {
  for (std::size_t i = 0; i < bytes.size() / 2; ++i) {
    std::uint16_t number;
    std::memcpy(&number, bytes.data() + 2 * i, sizeof number);
    y[i] = convert(number);
  }
}

using Unpack = void (*)(std::span<const std::uint8_t>, float*);

// nullptr for what holds no weights.
Unpack unpacker_of(GgufType type) {
  switch (type) {
    case GgufType::f32:
      return [](std::span<const std::uint8_t> bytes, float* y) { std::memcpy(y, bytes.data(), bytes.size()); };
    case GgufType::f16:
      return convert_all<float_of_half>;
    case GgufType::bf16:
      return convert_all<float_of_upper_half>;
    case GgufType::q8_0:
      return unpack_all<BlockQ8_0>;
    case GgufType::q4_0:
      return unpack_all<BlockQ4_0>;
    case GgufType::q4_1:
      return unpack_all<BlockQ4_1>;
    case GgufType::q5_0:
      return unpack_all<BlockQ5_0>;
    case GgufType::q5_1:
      return unpack_all<BlockQ5_1>;
    case GgufType::iq4_nl:
      return unpack_all<BlockIQ4_NL>;
    case GgufType::q2_k:
      return unpack_all<BlockQ2_K>;
    case GgufType::q3_k:
      return unpack_all<BlockQ3_K>;
    case GgufType::q4_k:
      return unpack_all<BlockQ4_K>;
    case GgufType::q5_k:
      return unpack_all<BlockQ5_K>;
    case GgufType::q6_k:
      return unpack_all<BlockQ6_K>;
    default:
      return nullptr;
  }
}

}  // namespace

ScalesAndMins unpack_scales(const std::uint8_t (&packed)[12]) {
  ScalesAndMins all;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t scales = packed[i], mins = packed[4 + i], rest = packed[8 + i];
    all.scale[i] = scales & 63;
    all.min[i] = mins & 63;
    all.scale[4 + i] = static_cast<std::uint8_t>((rest & 15) | (scales >> 6 << 4));
    all.min[4 + i] = static_cast<std::uint8_t>((rest >> 4) | (mins >> 6 << 4));
  }
  return all;
}

SignedScales unpack_signed_scales(const std::uint8_t (&packed)[12]) {
  SignedScales all;
  for (int s = 0; s < 16; ++s) {
    const int low = packed[s % 8] >> s / 8 * 4 & 15, high = packed[8 + s % 4] >> s / 4 * 2 & 3;
    all.scale[s] = static_cast<std::int8_t>((low | high << 4) - 32);
  }
  return all;
}

bool is_weight_type(GgufType type) { return unpacker_of(type) != nullptr; }

void dequantize(GgufType type, std::span<const std::uint8_t> bytes, std::span<float> floats) {
  const Unpack unpack_blocks = unpacker_of(type);
  check(unpack_blocks != nullptr, "dequantize: expected a type of weights, got {}", name_of(type));
  const std::size_t blocks = bytes.size() / block_bytes(type);
  check(bytes.size() % block_bytes(type) == 0 && floats.size() / block_elements(type) == blocks &&
            floats.size() % block_elements(type) == 0,
        "dequantize: expected blocks of {} bytes for {} numbers of {} each, got {} bytes for {}", block_bytes(type),
        block_elements(type), name_of(type), bytes.size(), floats.size());
  if (blocks > 0) unpack_blocks(bytes, floats.data());
}

}  // namespace omma
