#include "omma/nn/kernels/tile_avx512.h"
#include "omma/nn/kernels/wide_linear_kernel.h"

namespace omma {
namespace {

constexpr int64_t kBlockRows = 48;  // small enough to share few rows among many threads

// Output rows [begin, end) of a panel's columns, which begin at `column`.
void fill_rows(const WideLinear& task, int64_t begin, int64_t end, int64_t column, const uint32_t* panel) {
  Lanes lanes[kVectors];
  __m512 bias[kVectors];
  for (int j = 0; j < kVectors; ++j) {
    lanes[j] = first_lanes(task.outputs - column - j * kLanes);
    bias[j] = task.bias == nullptr ? _mm512_setzero_ps() : Avx512::load(task.bias + column + j * kLanes, lanes[j]);
  }
  for_each_tile(begin, end, [&](int64_t row, auto rows) {
    TileSums<rows.count> sums;
    for (auto& of_row : sums)
      for (int j = 0; j < kVectors; ++j) of_row[j] = bias[j];
    multiply<rows.count>(task.x + row * task.x_stride, task.x_stride, panel, task.inputs / 2, sums);
    for (int r = 0; r < rows.count; ++r)
      for (int j = 0; j < kVectors; ++j)
        store(task.output + (row + r) * task.outputs + column + j * kLanes, sums[r][j], lanes[j].mask);
  });
}

void fill(const WideLinear& task, int64_t begin, int64_t end, Bfloat16* scratch) {
  uint32_t* panel = reinterpret_cast<uint32_t*>(scratch);
  const int64_t blocks = (task.rows + kBlockRows - 1) / kBlockRows;
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t column = tile / blocks * kPanelColumns, row = tile % blocks * kBlockRows;
    if (tile == begin || row == 0)
      pack_rows(task.weight + column * task.inputs, task.inputs, at_most(kPanelColumns, task.outputs - column), task.inputs, panel);
    fill_rows(task, row, at_most(task.rows, row + kBlockRows), column, panel);
  }
}

}  // namespace

const WideLinearKernel wide_linear_avx512bf16 = {.tile_rows = kBlockRows, .tile_columns = kPanelColumns, .fill = fill};

}  // namespace omma
