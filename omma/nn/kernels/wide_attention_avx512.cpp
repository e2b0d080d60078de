#include "omma/nn/kernels/tile_avx512.h"
#include "omma/nn/kernels/wide_attention_loops.h"

namespace omma {

const WideAttentionKernel<float> wide_attention_avx512 = wide_attention_by<Avx512Product<float>>;

}  // namespace omma
