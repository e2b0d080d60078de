#include "omma/nn/kernels/deformable_attention_loops.h"
#include "omma/nn/kernels/simd_avx2.h"

namespace omma {

const DeformableKernels deformable_avx2 = {kernel<Avx2, float>, kernel<Avx2, Bfloat16>};

}  // namespace omma
