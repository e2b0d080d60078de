// The linear layer of many rows in bf16 on processors with AVX-512 BF16: bound by arithmetic. The weight is packed for each call, a
// fiftieth of the time for 500 rows, so that no second copy of it is kept.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

// Contiguous but for the rows of x; sums are fp32.
struct WideLinear {
  int64_t rows, inputs, outputs;  // M, K even, N
  const Bfloat16* x;              // [M, K]
  int64_t x_stride;               // elements from row to row
  const Bfloat16* weight;         // [N, K]
  const Bfloat16* bias;           // [N], null for none
  Bfloat16* output;               // [M, N]
};

struct WideLinearKernel {
  int64_t tile_rows, tile_columns;  // of the output, which is cut into tiles; those at its ends are smaller

  // Fills tiles [begin, end), column by column of tiles. `scratch`: 64-byte aligned, [tile_columns, K rounded up to 32].
  void (*fill)(const WideLinear& task, int64_t begin, int64_t end, Bfloat16* scratch);
};

extern const WideLinearKernel wide_linear_avx512bf16;  // on x86-64

}  // namespace omma
