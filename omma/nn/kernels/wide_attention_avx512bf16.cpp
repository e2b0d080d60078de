#include "omma/nn/kernels/tile_avx512.h"
#include "omma/nn/kernels/wide_attention_loops.h"

namespace omma {

const WideAttentionKernel<Bfloat16> wide_attention_avx512bf16 = wide_attention_by<Avx512Product<Bfloat16>>;

}  // namespace omma
