// Of each kernel, the build for an instruction set; the portable one where this target has no such set. Thread-safe.
#pragma once

#include "omma/nn/kernels/deformable_attention_kernel.h"
#include "omma/nn/kernels/isa.h"
#include "omma/nn/kernels/thin_attention_kernel.h"
#include "omma/nn/kernels/thin_linear_kernel.h"

namespace omma {

const DeformableKernels& deformable_kernels_for(Isa isa);
const ThinAttentionKernels& thin_attention_kernels_for(Isa isa);
const ThinLinearKernels& thin_linear_kernels_for(Isa isa);

}  // namespace omma
