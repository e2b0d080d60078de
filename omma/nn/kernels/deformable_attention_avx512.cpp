#include "omma/nn/kernels/deformable_attention_loops.h"
#include "omma/nn/kernels/simd_avx512.h"

namespace omma {

const DeformableKernels deformable_avx512 = {kernel<Avx512, float>, kernel<Avx512, Bfloat16>};

}  // namespace omma
