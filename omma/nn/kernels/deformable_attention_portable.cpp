#include "omma/nn/kernels/deformable_attention_loops.h"
#include "omma/nn/kernels/simd_portable.h"

namespace omma {

const DeformableKernels deformable_portable = {kernel<Portable<float>, float>, kernel<Portable<float>, Bfloat16>};
const DeformableKernel<double, double> deformable_double = kernel<Portable<double>, double>;

}  // namespace omma
