#include "omma/nn/kernels/quantize_loops.h"

namespace omma {

const QuantizeKernels quantize_avx2 = quantize_kernels;

}  // namespace omma
