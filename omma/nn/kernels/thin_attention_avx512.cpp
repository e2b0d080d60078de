#include "omma/nn/kernels/simd_avx512.h"
#include "omma/nn/kernels/thin_attention_loops.h"

namespace omma {

const ThinAttentionKernels thin_attention_avx512 = thin_attention_kernels<Avx512>;

}  // namespace omma
