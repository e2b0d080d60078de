#include "omma/nn/kernels/kernels_for.h"

namespace omma {

#if defined(__x86_64__)
#define OMMA_KERNELS_FOR(isa, name) ((isa) == Isa::avx512 ? name##_avx512 : (isa) == Isa::avx2 ? name##_avx2 : name##_portable)
#else
#define OMMA_KERNELS_FOR(isa, name) (static_cast<void>(isa), name##_portable)
#endif

const DeformableKernels& deformable_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, deformable); }
const DeformableConvolutionKernel<float>& deformable_convolution_kernel_for(Isa isa) {
  return OMMA_KERNELS_FOR(isa, deformable_convolution);
}
const QuantizeKernels& quantize_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, quantize); }
const ThinAttentionKernels& thin_attention_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, thin_attention); }
const ThinLinearKernels& thin_linear_kernels_for(Isa isa) { return OMMA_KERNELS_FOR(isa, thin_linear); }

#if defined(__x86_64__)
const BlockLinearKernels& block_linear_kernels_for(Isa isa) {
  if (isa == Isa::avx512) return has_int8_products() ? block_linear_avx512vnni : block_linear_avx2;
  return isa == Isa::avx2 ? block_linear_avx2 : block_linear_portable;
}
const WideAttentionKernel<float>* wide_attention_kernel_fp32() { return supports(Isa::avx512) ? &wide_attention_avx512 : nullptr; }
const WideAttentionKernel<Bfloat16>* wide_attention_kernel_bf16() {
  return has_amx_bf16() ? &wide_attention_amx : has_avx512_bf16() ? &wide_attention_avx512bf16 : nullptr;
}
const WideLinearKernel* wide_linear_kernel() { return has_avx512_bf16() && !has_amx_bf16() ? &wide_linear_avx512bf16 : nullptr; }
#else
const BlockLinearKernels& block_linear_kernels_for(Isa) { return block_linear_portable; }
const WideAttentionKernel<float>* wide_attention_kernel_fp32() { return nullptr; }
const WideAttentionKernel<Bfloat16>* wide_attention_kernel_bf16() { return nullptr; }
const WideLinearKernel* wide_linear_kernel() { return nullptr; }
#endif

}  // namespace omma
