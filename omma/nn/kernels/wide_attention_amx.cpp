#include "omma/nn/kernels/tile_amx.h"
#include "omma/nn/kernels/wide_attention_loops.h"

namespace omma {

const WideAttentionKernel<Bfloat16> wide_attention_amx = wide_attention_by<AmxProduct>;

}  // namespace omma
