// Vectors of 16 bytes in the compiler's own terms, for float and double: what any target can run.
//
// A SIMD type gives a kernel: Real, Vector, kLanes, load and store of Real and Bfloat16, load of int8_t, fma, and the sums of four
// vectors. All and First say which lanes of a load or store take part; lanes that do not are zero and their memory is not touched.
#pragma once

#include "omma/nn/kernels/bfloat16.h"

namespace omma {
namespace {

template <class RealType>
struct Portable {
  using Real = RealType;
  typedef Real Vector __attribute__((vector_size(16)));
  static constexpr int kLanes = 16 / sizeof(Real);
  struct All {
    static constexpr int count = kLanes;
  };
  struct First {
    explicit First(int64_t lanes) : count(static_cast<int>(lanes)) {}
    int count;
  };

  static Vector zero() { return Vector{}; }
  static Vector broadcast(Real x) { return x - Vector{}; }  // not x + 0, which would lose the sign of a zero
  static Vector fma(Vector a, Vector b, Vector sum) { return a * b + sum; }

  static Vector load(const Real* from, All) {
    Vector x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
  }
  static void store(Real* to, Vector x, All) { __builtin_memcpy(to, &x, sizeof x); }

  template <class Lanes>
  static Vector load(const Real* from, Lanes lanes) {
    Vector x{};
    for (int i = 0; i < lanes.count; ++i) x[i] = from[i];
    return x;
  }
  template <class Lanes>
  static void store(Real* to, Vector x, Lanes lanes) {
    for (int i = 0; i < lanes.count; ++i) to[i] = x[i];
  }

  static Vector load(const Bfloat16* from, All) {  // of Real = float
    typedef uint16_t Halves __attribute__((vector_size(8)));
    typedef uint32_t Words __attribute__((vector_size(16)));
    Halves halves;
    __builtin_memcpy(&halves, from, sizeof halves);
    const Words words = __builtin_convertvector(halves, Words) << 16;
    Vector x;
    __builtin_memcpy(&x, &words, sizeof x);
    return x;
  }
  static Vector load(const Bfloat16* from, First lanes) {
    Bfloat16 held[kLanes] = {};
    for (int i = 0; i < lanes.count; ++i) held[i] = from[i];
    return load(held, All{});
  }
  template <class Lanes>
  static void store(Bfloat16* to, Vector x, Lanes lanes) {
    for (int i = 0; i < lanes.count; ++i) to[i] = rounded(static_cast<float>(x[i]));
  }

  template <class Lanes>
  static Vector load(const int8_t* from, Lanes lanes) {
    Vector x{};
    for (int i = 0; i < lanes.count; ++i) x[i] = from[i];
    return x;
  }

  // sums[i] += the sum of the lanes of the i-th vector.
  static void add_sums(Vector a, Vector b, Vector c, Vector d, Real* sums) {
    for (int i = 0; i < kLanes; ++i) {
      sums[0] += a[i];
      sums[1] += b[i];
      sums[2] += c[i];
      sums[3] += d[i];
    }
  }

 private:
  static Bfloat16 rounded(float x) {  // to the nearest, ties to even
    if (x != x) return {0x7fc0};
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
  }
};

}  // namespace
}  // namespace omma
