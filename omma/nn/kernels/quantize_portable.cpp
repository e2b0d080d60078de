#include "omma/nn/kernels/quantize_loops.h"

namespace omma {

const QuantizeKernels quantize_portable = quantize_kernels;

}  // namespace omma
