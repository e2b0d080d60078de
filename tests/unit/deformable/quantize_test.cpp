#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "omma/nn/kernels/kernels_for.h"

namespace omma {
namespace {

// Ties, both ends, and what is no number; each build for an instruction set, over more than a vector.
TEST(Quantize, RoundsToTheNearestByteInEveryBuild) {
  std::vector<float> x;
  std::vector<std::uint8_t> expected;
  for (int i = -40; i < 560; ++i) {
    x.push_back(static_cast<float>(i) / 2);
    expected.push_back(static_cast<std::uint8_t>(std::clamp(std::nearbyint(static_cast<double>(i) / 2 + 3), 0.0, 255.0)));
  }
  const auto add = [&](float value, std::uint8_t byte) {
    x.push_back(value);
    expected.push_back(byte);
  };
  add(std::nanf(""), 0);
  add(INFINITY, 255);
  add(-INFINITY, 0);
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (!supports(isa)) continue;
    std::vector<std::uint8_t> found(x.size());
    quantize_kernels_for(isa).fp32(x.data(), std::ssize(x), {.inverse_scale = 1, .zero_point = 3}, found.data());
    EXPECT_EQ(found, expected) << static_cast<int>(isa);
    std::vector<Bfloat16> halves;  // of those that are bf16 numbers
    std::vector<std::uint8_t> expected_of_halves;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(x[i]);
      if ((bits & 0xffff) != 0) continue;
      halves.push_back({static_cast<std::uint16_t>(bits >> 16)});
      expected_of_halves.push_back(expected[i]);
    }
    ASSERT_GT(halves.size(), 300U);
    found.resize(halves.size());
    quantize_kernels_for(isa).bf16(halves.data(), std::ssize(halves), {.inverse_scale = 1, .zero_point = 3}, found.data());
    EXPECT_EQ(found, expected_of_halves) << static_cast<int>(isa);
  }
}

}  // namespace
}  // namespace omma
