// Every sample of a data set once an epoch, in an order that follows from a number alone: nothing is kept, however large the set.
#pragma once

#include <cstdint>

#include "omma/base/rng.h"

namespace omma {

// Stream of a training's seed that orders its samples: other numbers than those that change the samples.
inline constexpr std::uint64_t order_stream = 0x6f72646572000000ULL;

// Immutable and thread-safe.
class ShuffledOrder {
 public:
  // `size` at least 1.
  ShuffledOrder(std::uint64_t seed, std::uint64_t size) : seed_(seed), size_(size) {
    while ((std::uint64_t{1} << 2 * half_bits_) < size) ++half_bits_;
  }

  // The sample at place `number` of the endless sequence of epochs.
  std::uint64_t operator[](std::uint64_t number) const {
    const std::uint64_t epoch = number / size_;
    std::uint64_t place = number % size_;
    do place = permute(place, epoch);
    while (place >= size_);  // walks the cycle back into the set: still a permutation
    return place;
  }

 private:
  // Four rounds of a Feistel network over 2 x half_bits_ bits.
  std::uint64_t permute(std::uint64_t place, std::uint64_t epoch) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = place >> half_bits_, right = place & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint64_t mixed = Rng(seed_ ^ (epoch * 4 + round), right).bits() & mask;
      const std::uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }

  std::uint64_t seed_, size_;
  int half_bits_ = 1;
};

}  // namespace omma
