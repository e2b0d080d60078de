// Of each kernel, the build for an instruction set; the portable one where this target has no such set. Thread-safe.
#pragma once

#include "omma/nn/kernels/block_linear_kernel.h"
#include "omma/nn/kernels/deformable_attention_kernel.h"
#include "omma/nn/kernels/deformable_convolution_kernel.h"
#include "omma/nn/kernels/isa.h"
#include "omma/nn/kernels/quantize_kernel.h"
#include "omma/nn/kernels/thin_attention_kernel.h"
#include "omma/nn/kernels/thin_linear_kernel.h"
#include "omma/nn/kernels/wide_attention_kernel.h"
#include "omma/nn/kernels/wide_linear_kernel.h"

namespace omma {

const BlockLinearKernels& block_linear_kernels_for(Isa isa);  // with AVX-512: where it has VNNI, else those of AVX2
const DeformableKernels& deformable_kernels_for(Isa isa);
const DeformableConvolutionKernel<float>& deformable_convolution_kernel_for(Isa isa);
const QuantizeKernels& quantize_kernels_for(Isa isa);
const ThinAttentionKernels& thin_attention_kernels_for(Isa isa);
const ThinLinearKernels& thin_linear_kernels_for(Isa isa);

const WideAttentionKernel<float>* wide_attention_kernel_fp32();     // null without AVX-512
const WideAttentionKernel<Bfloat16>* wide_attention_kernel_bf16();  // null without AVX-512 BF16
const WideLinearKernel* wide_linear_kernel();                       // as well, and with AMX, where oneDNN is not slower

}  // namespace omma
