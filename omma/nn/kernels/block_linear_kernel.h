// The linear layer whose weight stays in the blocks of few bits that a GGUF file holds (omma/io/gguf_layout.h).
//
// M rows of x, K inputs, N outputs; a row of the weight is K inputs' blocks, one after the other. Sums are fp32.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

constexpr int64_t kGroup = 32;  // inputs that share a scale as bytes; a weight's blocks are of one group or of eight

// Rows of x as whole numbers of 8 bits, of magnitude 127 at most: scale q in each group.
struct ByteRows {
  const int8_t* q;     // [M, K]
  const float* scale;  // [M, K / 32]
  const float* sums;   // [M, K / 4]: of four neighbours, times their scale
};

struct BlockLinear {
  int64_t rows, inputs, outputs;  // M, K, N
  const uint8_t* weight;          // [N, row_bytes]
  int64_t row_bytes;
  float* output;  // [M, N]
};

// Of one type of blocks.
struct BlockKernel {
  // Fill output columns [begin, end). The weight is what its blocks say in both, x is rounded to bytes in the first.
  void (*by_bytes)(const BlockLinear& task, const ByteRows& x, int64_t begin, int64_t end);
  void (*by_floats)(const BlockLinear& task, const float* x, int64_t begin, int64_t end);
  // `count` weights as numbers, a multiple of what a block holds; bf16 rounded to the nearest.
  void (*to_fp32)(const uint8_t* blocks, int64_t count, float* output);
  void (*to_bf16)(const uint8_t* blocks, int64_t count, Bfloat16* output);
};

struct BlockLinearKernels {
  // A row's `count` inputs, a multiple of 32, as ByteRows holds them.
  void (*to_bytes)(const float* x, int64_t count, int8_t* q, float* scale, float* sums);
  BlockKernel q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q3_k, q4_k, q5_k, q6_k, iq4_nl;
};

extern const BlockLinearKernels block_linear_portable;
extern const BlockLinearKernels block_linear_avx2;        // on x86-64
extern const BlockLinearKernels block_linear_avx512vnni;  // on x86-64

}  // namespace omma
