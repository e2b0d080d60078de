// The loop of quantize_kernel.h, which compilers turn into vectors of the instruction set that its file is compiled for. Everything
// here has internal linkage, so that each keeps its own code.
#pragma once

#include "omma/nn/kernels/quantize_kernel.h"

namespace omma {
namespace {

inline float as_float(float x) { return x; }
inline float as_float(Bfloat16 x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16); }

template <class Value>
void quantize_values(const Value* x, int64_t count, Quantization quantization, uint8_t* output) {
  constexpr float whole = 1 << 23;  // floats from here on have no fraction: to add it rounds
  for (int64_t i = 0; i < count; ++i) {
    float value = as_float(x[i]) * quantization.inverse_scale + quantization.zero_point;
    value = value > 0 ? value : 0;
    value = value < 255 ? value : 255;
    output[i] = static_cast<uint8_t>(__builtin_bit_cast(uint32_t, value + whole));  // the last byte of its bits
  }
}

constexpr QuantizeKernels quantize_kernels = {quantize_values<float>, quantize_values<Bfloat16>};

}  // namespace
}  // namespace omma
