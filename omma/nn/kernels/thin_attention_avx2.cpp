#include "omma/nn/kernels/simd_avx2.h"
#include "omma/nn/kernels/thin_attention_loops.h"

namespace omma {

const ThinAttentionKernels thin_attention_avx2 = thin_attention_kernels<Avx2>;

}  // namespace omma
