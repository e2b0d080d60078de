#include "omma/vision/resize_kernels.h"

namespace omma {
namespace {

#define OMMA_INLINE inline __attribute__((always_inline))

// The sums are modulo 2^32, as unsigned: a sum that leaves the range of int wraps in Pillow, too.
constexpr uint32_t rounding = 1U << (resize_precision - 1);

OMMA_INLINE uint8_t to_byte(uint32_t sum) {
  const int32_t value = static_cast<int32_t>(sum) >> resize_precision;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

// Byte b of row r goes to columns[resize_lanes b + r], so that one vector holds the same channel of eight rows.
OMMA_INLINE void to_columns(const uint8_t* rows, size_t bytes, int count, uint8_t* columns) {
  for (int r = 0; r < count; ++r)
    for (size_t b = 0; b < bytes; ++b) columns[resize_lanes * b + r] = rows[r * bytes + b];
}

OMMA_INLINE void to_rows(const uint8_t* columns, size_t bytes, int count, uint8_t* rows) {
  for (int r = 0; r < count; ++r)
    for (size_t b = 0; b < bytes; ++b) rows[r * bytes + b] = columns[resize_lanes * b + r];
}

OMMA_INLINE void across(const uint8_t* from, int from_width, uint8_t* to, int to_width, int rows, const ResizeTaps& taps,
                        uint8_t* scratch) {
  constexpr int group = 3 * resize_lanes;  // one pixel of eight rows
  uint8_t* source = scratch;
  uint8_t* result = scratch + static_cast<size_t>(group) * from_width;
  to_columns(from, 3 * static_cast<size_t>(from_width), rows, source);
  for (int x = 0; x < to_width; ++x) {
    const int32_t* weights = taps.weights + static_cast<size_t>(taps.stride) * x;
    const uint8_t* pixel = source + static_cast<size_t>(group) * taps.first[x];
    uint32_t sums[group];
    for (int i = 0; i < group; ++i) sums[i] = rounding;
    for (int k = 0; k < taps.count[x]; ++k, pixel += group)
      for (int i = 0; i < group; ++i) sums[i] += static_cast<uint32_t>(weights[k]) * pixel[i];
    for (int i = 0; i < group; ++i) result[static_cast<size_t>(group) * x + i] = to_byte(sums[i]);
  }
  to_rows(result, 3 * static_cast<size_t>(to_width), rows, to);
}

template <int width>
OMMA_INLINE void down_block(const uint8_t* from, uint8_t* to, size_t bytes, const int32_t* weights, int count) {
  uint32_t sums[width];
  for (int i = 0; i < width; ++i) sums[i] = rounding;
  for (int k = 0; k < count; ++k, from += bytes)
    for (int i = 0; i < width; ++i) sums[i] += static_cast<uint32_t>(weights[k]) * from[i];
  for (int i = 0; i < width; ++i) to[i] = to_byte(sums[i]);
}

OMMA_INLINE void down(const uint8_t* from, uint8_t* to, size_t bytes, const int32_t* weights, int count) {
  constexpr int block = 32;
  size_t b = 0;
  for (; b + block <= bytes; b += block) down_block<block>(from + b, to + b, bytes, weights, count);
  for (; b < bytes; ++b) down_block<1>(from + b, to + b, bytes, weights, count);
}

#if defined(__x86_64__)
#define OMMA_AVX2 __attribute__((target("avx2")))

OMMA_AVX2 void across_avx2(const uint8_t* from, int from_width, uint8_t* to, int to_width, int rows, const ResizeTaps& taps,
                           uint8_t* scratch) {
  across(from, from_width, to, to_width, rows, taps, scratch);
}
OMMA_AVX2 void down_avx2(const uint8_t* from, uint8_t* to, size_t bytes, const int32_t* weights, int count) {
  down(from, to, bytes, weights, count);
}
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
#endif

}  // namespace

void resize_across(const uint8_t* from, int from_width, uint8_t* to, int to_width, int rows, const ResizeTaps& taps,
                   uint8_t* scratch) {
#if defined(__x86_64__)
  if (has_avx2()) return across_avx2(from, from_width, to, to_width, rows, taps, scratch);
#endif
  across(from, from_width, to, to_width, rows, taps, scratch);
}

void resize_down(const uint8_t* from, uint8_t* to, size_t bytes, const int32_t* weights, int count) {
#if defined(__x86_64__)
  if (has_avx2()) return down_avx2(from, to, bytes, weights, count);
#endif
  down(from, to, bytes, weights, count);
}

}  // namespace omma
