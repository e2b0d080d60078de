#include "omma/io/finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

template <class T>
TensorView view(const std::vector<T>& values, DType dtype, std::string name = "t") {
  return {std::move(name),
          dtype,
          {static_cast<std::int64_t>(values.size())},
          {reinterpret_cast<const std::uint8_t*>(values.data()), sizeof(T) * values.size()}};
}

TEST(Finite, FindsTheFirstInEveryFloatingType) {
  for (const std::size_t place : {0U, 1U, 1023U, 1024U, 2999U}) {
    std::vector<float> f32(3000, std::numeric_limits<float>::max());
    f32[place] = NAN;
    f32.back() = -INFINITY;
    EXPECT_EQ(find_non_finite(view(f32, DType::f32)), place);
    std::vector<double> f64(3000, -std::numeric_limits<double>::max());
    f64[place] = INFINITY;
    EXPECT_EQ(find_non_finite(view(f64, DType::f64)), place);
    std::vector<std::uint16_t> f16(3000, 0x7BFF), bf16(3000, 0x7F7F);  // the largest numbers
    f16[place] = 0xFC00;                                               // minus infinity
    bf16[place] = 0x7F81;                                              // a NaN
    EXPECT_EQ(find_non_finite(view(f16, DType::f16)), place);
    EXPECT_EQ(find_non_finite(view(bf16, DType::bf16)), place);
  }
}

TEST(Finite, NumbersAndOtherTypesPass) {
  EXPECT_EQ(find_non_finite(view(std::vector<float>{0, -0.F, 1e-45F, -3e38F}, DType::f32)), std::nullopt);
  EXPECT_EQ(find_non_finite(view(std::vector<float>{}, DType::f32)), std::nullopt);
  EXPECT_EQ(find_non_finite(view(std::vector<std::uint16_t>{0x7C00}, DType::bf16)), std::nullopt);
  EXPECT_EQ(find_non_finite(view(std::vector<std::int32_t>{0x7F800000}, DType::i32)), std::nullopt);
}

TEST(Finite, BytesMayLieAnywhere) {
  std::vector<std::uint8_t> bytes(4 * 2000 + 1);
  bytes[1 + 4 * 1500 + 3] = 0x7F, bytes[1 + 4 * 1500 + 2] = 0x80;
  EXPECT_EQ(find_non_finite({"t", DType::f32, {2000}, std::span<const std::uint8_t>(bytes).subspan(1)}), 1500U);
}

TEST(Finite, NamesTheTensors) {
  std::vector<float> good(3, 1), bad{1, 2, NAN}, large(std::size_t{5} << 20, 1);  // read in several pieces
  large[(std::size_t{4} << 20) + 7] = large.back() = INFINITY;
  const TensorView views[] = {view(good, DType::f32, "a"), view(bad, DType::f32, "b"), view(large, DType::f32, "c")};
  const TensorView* const all[] = {&views[0], &views[1], &views[2]};
  EXPECT_EQ(testing::invalid_argument_of([&] { expect_finite(all, "model"); }),
            "model: tensor \"b\": expected numbers, element 2 is NaN or infinite; "
            "tensor \"c\": expected numbers, element 4194311 is NaN or infinite");
  expect_finite(std::span(all).first(1), "model");
}

}  // namespace
}  // namespace omma
