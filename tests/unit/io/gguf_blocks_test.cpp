#include "omma/io/gguf_blocks.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr Fp16 one = {{0x00, 0x3C}}, half = {{0x00, 0x38}}, minus_two = {{0x00, 0xC0}};

template <class Block>
std::array<float, Block::elements> unpacked(GgufType type, const Block& block) {
  std::array<float, Block::elements> floats{};
  dequantize(type, {reinterpret_cast<const std::uint8_t*>(&block), sizeof block}, floats);
  return floats;
}

TEST(GgufBlocks, TypesAreKnownByIdNameAndSize) {
  EXPECT_EQ(gguf_type_from_id(12), GgufType::q4_k);
  EXPECT_EQ(name_of(GgufType::iq4_nl), "IQ4_NL");
  EXPECT_EQ(block_elements(GgufType::q6_k), 256U);
  EXPECT_EQ(block_bytes(GgufType::q6_k), 210U);
  EXPECT_EQ(block_bytes(GgufType::i64), 8U);
  EXPECT_TRUE(is_weight_type(GgufType::bf16));
  EXPECT_FALSE(is_weight_type(GgufType::i8));
  EXPECT_EQ(describe_gguf_type(12), "Q4_K (12)");
  EXPECT_EQ(describe_gguf_type(16), "IQ2_XXS (16)");
  EXPECT_EQ(describe_gguf_type(4711), "type 4711");
  for (const std::uint32_t id : {4U, 5U, 9U, 15U, 16U, 23U, 29U, 31U, 39U, 42U, ~0U})
    EXPECT_EQ(gguf_type_from_id(id), std::nullopt);
}

TEST(GgufBlocks, HalvesAreExact) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31), mantissa = static_cast<int>(bits & 1023);
    const float found = float_of_half(static_cast<std::uint16_t>(bits));
    EXPECT_EQ(std::signbit(found), bits >= 0x8000) << bits;
    if (exponent == 31 && mantissa != 0) {
      EXPECT_TRUE(std::isnan(found)) << bits;
    } else {
      const float magnitude = exponent == 31  ? std::numeric_limits<float>::infinity()
                              : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                              : std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
      EXPECT_EQ(std::abs(found), magnitude) << bits;
    }
  }
  EXPECT_EQ(to_float(Bf16{{0x80, 0xBF}}), -1.0F);
}

TEST(GgufBlocks, NibblesOf32) {
  BlockQ4_0 q4_0{.d = half, .qs = {}};
  q4_0.qs[0] = 0xF0;  // weight 0 is 0, weight 16 is 15
  q4_0.qs[15] = 0x3A;
  const auto a = unpacked(GgufType::q4_0, q4_0);
  EXPECT_EQ(a[0], -4.0F);
  EXPECT_EQ(a[16], 3.5F);
  EXPECT_EQ(a[15], 1.0F);
  EXPECT_EQ(a[31], -2.5F);

  BlockQ4_1 q4_1{.d = half, .m = minus_two, .qs = {}};
  q4_1.qs[2] = 0x83;
  const auto b = unpacked(GgufType::q4_1, q4_1);
  EXPECT_EQ(b[2], -0.5F);
  EXPECT_EQ(b[18], 2.0F);
  EXPECT_EQ(b[0], -2.0F);

  BlockIQ4_NL iq4_nl{.d = half, .qs = {}};
  iq4_nl.qs[1] = 0xF8;
  const auto c = unpacked(GgufType::iq4_nl, iq4_nl);
  EXPECT_EQ(c[1], 0.5F);
  EXPECT_EQ(c[17], 56.5F);
  EXPECT_EQ(c[0], -63.5F);

  BlockQ8_0 q8_0{.d = minus_two, .qs = {}};
  q8_0.qs[31] = -128;
  EXPECT_EQ(unpacked(GgufType::q8_0, q8_0)[31], 256.0F);
}

TEST(GgufBlocks, FifthBitsOf32) {
  BlockQ5_0 q5_0{.d = one, .qh = {0x01, 0, 0, 0x80}, .qs = {}};
  q5_0.qs[15] = 0x20;
  const auto a = unpacked(GgufType::q5_0, q5_0);
  EXPECT_EQ(a[0], 0.0F);
  EXPECT_EQ(a[1], -16.0F);
  EXPECT_EQ(a[31], 2.0F);
  const auto b = unpacked(GgufType::q5_1, BlockQ5_1{.d = one, .m = half, .qh = {0, 0x04, 0, 0}, .qs = {}});
  EXPECT_EQ(b[10], 16.5F);
  EXPECT_EQ(b[11], 0.5F);
}

TEST(GgufBlocks, ScalesOfSixBits) {
  // 0 and 4 share the upper bits of byte 0, and byte 8.
  const std::uint8_t packed[12] = {0xBF, 0, 0, 0, 0x41, 0, 0, 0, 0x73, 0, 0, 0};
  const ScalesAndMins all = unpack_scales(packed);
  EXPECT_EQ(all.scale[0], 63);
  EXPECT_EQ(all.scale[4], 35);
  EXPECT_EQ(all.min[0], 1);
  EXPECT_EQ(all.min[4], 23);
  EXPECT_EQ(all.scale[1] + all.min[7], 0);

  const std::uint8_t packed_signed[12] = {0, 0xA5, 0, 0, 0, 0, 0, 0, 0, 0xC1, 0, 0};
  const SignedScales scales = unpack_signed_scales(packed_signed);
  EXPECT_EQ(scales.scale[0], -32);
  EXPECT_EQ(scales.scale[1], 5 + 16 - 32);
  EXPECT_EQ(scales.scale[9], 10 - 32);
  EXPECT_EQ(scales.scale[13], 48 - 32);
}

TEST(GgufBlocks, SuperBlocks) {
  BlockQ2_K q2{.scales = {}, .qs = {}, .d = one, .dmin = half};
  q2.scales[9] = 0x25;  // weights 144 to 159
  q2.qs[32 + 16] = 0x03;
  const auto a = unpacked(GgufType::q2_k, q2);
  EXPECT_EQ(a[144], 14.0F);
  EXPECT_EQ(a[145], -1.0F);
  EXPECT_EQ(a[143], 0.0F);

  BlockQ3_K q3{.hmask = {}, .qs = {}, .scales = {}, .d = half};
  q3.hmask[3] = 0x10;  // weight 131
  q3.qs[32 + 3] = 0x02;
  const auto b = unpacked(GgufType::q3_k, q3);
  EXPECT_EQ(b[131], -32.0F);
  EXPECT_EQ(b[132], 64.0F);

  BlockQ4_K q4{.d = half, .dmin = one, .scales = {}, .qs = {}};
  q4.scales[1] = 6;  // weights 32 to 63
  q4.scales[5] = 2;
  q4.qs[5] = 0x90;
  const auto c = unpacked(GgufType::q4_k, q4);
  EXPECT_EQ(c[37], 25.0F);
  EXPECT_EQ(c[36], -2.0F);
  EXPECT_EQ(c[5], 0.0F);

  BlockQ5_K q5{.d = half, .dmin = one, .scales = {}, .qh = {}, .qs = {}};
  q5.scales[1] = 6;
  q5.qs[5] = 0x90;
  q5.qh[5] = 0x02;
  EXPECT_EQ(unpacked(GgufType::q5_k, q5)[37], 75.0F);

  BlockQ6_K q6{.ql = {}, .qh = {}, .scales = {}, .d = half};
  q6.scales[13] = -3;  // weights 208 to 223
  q6.ql[64 + 16] = 0x70;
  q6.qh[32 + 16] = 0x20;  // weight 208
  const auto d = unpacked(GgufType::q6_k, q6);
  EXPECT_EQ(d[208], -10.5F);
  EXPECT_EQ(d[209], 48.0F);
}

TEST(GgufBlocks, BlocksMayLieAnywhere) {
  const BlockQ8_0 block{.d = one, .qs = {1, 2, 3}};
  std::vector<std::uint8_t> bytes(1 + 2 * sizeof block);
  std::memcpy(bytes.data() + 1 + sizeof block, &block, sizeof block);
  std::vector<float> floats(64);
  dequantize(GgufType::q8_0, std::span(bytes).subspan(1), floats);
  EXPECT_EQ(floats[33], 2.0F);
}

TEST(GgufBlocks, SizesMustMatch) {
  const std::vector<std::uint8_t> bytes(68);
  std::vector<float> floats(64);
  const auto refusal = [&](GgufType type, std::size_t count, std::size_t numbers) {
    return testing::invalid_argument_of([&] { dequantize(type, std::span(bytes).first(count), std::span(floats).first(numbers)); });
  };
  EXPECT_EQ(refusal(GgufType::q8_0, 68, 64), "");
  EXPECT_EQ(refusal(GgufType::q8_0, 0, 0), "");
  EXPECT_NE(refusal(GgufType::q8_0, 67, 64).find("got 67 bytes for 64"), std::string::npos);
  for (const std::size_t numbers : {32U, 63U, 33U}) EXPECT_NE(refusal(GgufType::q8_0, 68, numbers), "") << numbers;
  EXPECT_NE(refusal(GgufType::f32, 66, 16), "");
  EXPECT_EQ(refusal(GgufType::i8, 64, 64), "dequantize: expected a type of weights, got I8");
}

}  // namespace
}  // namespace omma
