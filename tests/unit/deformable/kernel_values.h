// Random values of the kernels' types.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "omma/base/rng.h"
#include "omma/nn/kernels/bfloat16.h"

namespace omma {

inline float widened(float x) { return x; }
inline float widened(std::int8_t x) { return x; }
inline float widened(Bfloat16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }

template <class Value>
std::vector<Value> uniform(Rng& rng, int64_t count) {
  std::vector<Value> values(static_cast<std::size_t>(count));
  for (Value& value : values) {
    const auto x = static_cast<float>(2 * rng.uniform() - 1);
    if constexpr (std::is_same_v<Value, float>)
      value = x;
    else
      value = {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16)};
  }
  return values;
}

}  // namespace omma
