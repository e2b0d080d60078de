#include "omma/nn/kernels/quantize_loops.h"

namespace omma {

const QuantizeKernels quantize_avx512 = quantize_kernels;

}  // namespace omma
