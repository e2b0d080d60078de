// The linear layer of few rows (a decoder's step): bound by reading the weight, which is read once for four rows.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

// Contiguous; sums are fp32.
template <class Value, class Weight = Value>
struct ThinLinear {
  int64_t rows, inputs, outputs;  // M, K, N
  const Value* x;                 // [M, K]
  const Weight* weight;           // [N, K]
  const Value* bias;              // [N], null for none
  Value* output;                  // [M, N]
  const float* scale = nullptr;   // [N]: of the weight's rows; null for none
};

struct ThinLinearKernels {
  // Fill output columns [begin, end).
  void (*fp32)(const ThinLinear<float>& task, int64_t begin, int64_t end);
  void (*bf16)(const ThinLinear<Bfloat16>& task, int64_t begin, int64_t end);
  // The same of a weight of whole numbers.
  void (*fp32_int8)(const ThinLinear<float, int8_t>& task, int64_t begin, int64_t end);
  void (*bf16_int8)(const ThinLinear<Bfloat16, int8_t>& task, int64_t begin, int64_t end);
};

extern const ThinLinearKernels thin_linear_portable;
extern const ThinLinearKernels thin_linear_avx2;    // on x86-64
extern const ThinLinearKernels thin_linear_avx512;  // on x86-64

}  // namespace omma
