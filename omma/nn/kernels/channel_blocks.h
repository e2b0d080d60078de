// The channels of a pixel a block of vectors at a time, over a SIMD type of simd_*.h. Internal linkage: see isa.h.
#pragma once

#include <stdint.h>

namespace omma {
namespace {

// Calls body(channel, block) for the channels in blocks of two vectors, a last block of one where that holds the rest.
template <class Simd, int kVectors, class FirstLanes, class LastLanes>
struct Block {
  static constexpr int vectors = kVectors;
  FirstLanes first;
  LastLanes last;

  template <class T>
  typename Simd::Vector load(const T* from, int vector) const {
    return vector + 1 < kVectors ? Simd::load(from, first) : Simd::load(from + vector * Simd::kLanes, last);
  }
  template <class T>
  void store(T* to, typename Simd::Vector x, int vector) const {
    vector + 1 < kVectors ? Simd::store(to, x, first) : Simd::store(to + vector * Simd::kLanes, x, last);
  }
};

template <class Simd, class Body>
inline void for_blocks(int64_t channels, const Body& body) {
  using All = typename Simd::All;
  using First = typename Simd::First;
  constexpr int64_t kLanes = Simd::kLanes;
  int64_t channel = 0;
  for (; channels - channel >= 2 * kLanes; channel += 2 * kLanes) body(channel, Block<Simd, 2, All, All>{});
  const int64_t rest = channels - channel;
  if (rest > kLanes)
    body(channel, Block<Simd, 2, All, First>{All{}, First(rest - kLanes)});
  else if (rest > 0)
    body(channel, Block<Simd, 1, First, First>{First(rest), First(rest)});
}

}  // namespace
}  // namespace omma
