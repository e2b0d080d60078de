#include "omma/nn/kernels/simd_avx2.h"
#include "omma/nn/kernels/thin_linear_loops.h"

namespace omma {

const ThinLinearKernels thin_linear_avx2 = thin_linear_kernels<Avx2>;

}  // namespace omma
