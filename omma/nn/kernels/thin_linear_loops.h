// The loops of thin_linear_kernel.h over a SIMD type. Included once by the file of each instruction set; everything here has
// internal linkage, so that each keeps its own code.
#pragma once

#include "omma/nn/kernels/thin_linear_kernel.h"

namespace omma {
namespace {

constexpr int kColumns = 4;  // whose weights are read side by side
constexpr int kMostRows = 4;
constexpr int kCacheLine = 64;  // bytes

// Columns [column, column + columns) of kRows rows from `row` on; columns <= kColumns.
template <class Simd, int kRows, class Value, class Weight>
inline void fill_block(const ThinLinear<Value, Weight>& task, int64_t row, int64_t column, int64_t columns) {
  const Value* x = task.x + row * task.inputs;
  const Weight* weights[kColumns];  // a missing column repeats the last one and is not stored
  for (int64_t c = 0; c < kColumns; ++c) weights[c] = task.weight + (column + (c < columns ? c : columns - 1)) * task.inputs;
  typename Simd::Vector sums[kRows][kColumns];
  for (auto& of_row : sums)
    for (auto& sum : of_row) sum = Simd::zero();

  const auto add = [&](int64_t k, auto lanes) {
    typename Simd::Vector held[kColumns];
    for (int c = 0; c < kColumns; ++c) {
      held[c] = Simd::load(weights[c] + k, lanes);
      // The next block: its rows are too short for the processor's own prefetching (1.0 to 1.5 times the rate).
      if (k * sizeof(Weight) % kCacheLine == 0) __builtin_prefetch(weights[c] + kColumns * task.inputs + k);
    }
    for (int r = 0; r < kRows; ++r) {
      const auto input = Simd::load(x + r * task.inputs + k, lanes);
      for (int c = 0; c < kColumns; ++c) sums[r][c] = Simd::fma(held[c], input, sums[r][c]);
    }
  };
  int64_t k = 0;
  for (; task.inputs - k >= Simd::kLanes; k += Simd::kLanes) add(k, typename Simd::All{});
  if (k < task.inputs) add(k, typename Simd::First(task.inputs - k));

  const typename Simd::First stored(columns);
  for (int r = 0; r < kRows; ++r) {
    float totals[kColumns] = {};
    Simd::add_sums(sums[r][0], sums[r][1], sums[r][2], sums[r][3], totals);
    auto result = Simd::load(totals, stored);
    if (task.scale != nullptr) result = result * Simd::load(task.scale + column, stored);
    if (task.bias != nullptr) result = result + Simd::load(task.bias + column, stored);
    Simd::store(task.output + (row + r) * task.outputs + column, result, stored);
  }
}

template <class Simd, class Value, class Weight>
void fill_columns(const ThinLinear<Value, Weight>& task, int64_t begin, int64_t end) {
  for (int64_t column = begin; column < end; column += kColumns) {
    const int64_t columns = end - column < kColumns ? end - column : kColumns;
    int64_t row = 0;
    for (; task.rows - row >= kMostRows; row += kMostRows) fill_block<Simd, kMostRows>(task, row, column, columns);
    if (task.rows - row == 3) fill_block<Simd, 3>(task, row, column, columns);
    if (task.rows - row == 2) fill_block<Simd, 2>(task, row, column, columns);
    if (task.rows - row == 1) fill_block<Simd, 1>(task, row, column, columns);
  }
}

template <class Simd>
constexpr ThinLinearKernels thin_linear_kernels = {fill_columns<Simd, float, float>, fill_columns<Simd, Bfloat16, Bfloat16>,
                                                   fill_columns<Simd, float, int8_t>, fill_columns<Simd, Bfloat16, int8_t>};

}  // namespace
}  // namespace omma
