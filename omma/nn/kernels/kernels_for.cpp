#include "omma/nn/kernels/kernels_for.h"

namespace omma {

#if defined(__x86_64__)
#define OMMA_KERNELS_FOR(isa, name) ((isa) == Isa::avx512 ? name##_avx512 : (isa) == Isa::avx2 ? name##_avx2 : name##_portable)
#else
#define OMMA_KERNELS_FOR(isa, name) (static_cast<void>(isa), name##_portable)
#endif

const DeformableKernels& deformable_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, deformable); }
const ThinAttentionKernels& thin_attention_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, thin_attention); }
const ThinLinearKernels& thin_linear_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, thin_linear); }

}  // namespace omma
