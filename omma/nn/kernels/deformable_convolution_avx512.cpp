#include "omma/nn/kernels/deformable_convolution_loops.h"
#include "omma/nn/kernels/simd_avx512.h"

namespace omma {

const DeformableConvolutionKernel<float> deformable_convolution_avx512 = kernel<Avx512>;

}  // namespace omma
