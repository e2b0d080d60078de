// Numbers to bytes, as an int8 product takes them.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

struct Quantization {
  float inverse_scale;
  float zero_point;  // the byte that stands for 0
};

// output[i] = x[i] inverse_scale + zero_point, rounded to the nearest whole number, ties to even, within 0 to 255; NaN to 0.
struct QuantizeKernels {
  void (*fp32)(const float* x, int64_t count, Quantization quantization, uint8_t* output);
  void (*bf16)(const Bfloat16* x, int64_t count, Quantization quantization, uint8_t* output);
};

extern const QuantizeKernels quantize_portable;
extern const QuantizeKernels quantize_avx2;    // on x86-64
extern const QuantizeKernels quantize_avx512;  // on x86-64

}  // namespace omma
