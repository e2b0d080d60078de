#include "omma/nn/kernels/simd_portable.h"
#include "omma/nn/kernels/thin_attention_loops.h"

namespace omma {

const ThinAttentionKernels thin_attention_portable = thin_attention_kernels<Portable<float>>;

}  // namespace omma
