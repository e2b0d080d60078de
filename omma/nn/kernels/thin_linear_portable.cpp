#include "omma/nn/kernels/simd_portable.h"
#include "omma/nn/kernels/thin_linear_loops.h"

namespace omma {

const ThinLinearKernels thin_linear_portable = thin_linear_kernels<Portable<float>>;

}  // namespace omma
