#include "omma/nn/kernels/simd_avx512.h"
#include "omma/nn/kernels/thin_linear_loops.h"

namespace omma {

const ThinLinearKernels thin_linear_avx512 = thin_linear_kernels<Avx512>;

}  // namespace omma
