#include "omma/nn/kernels/deformable_convolution_loops.h"
#include "omma/nn/kernels/simd_avx2.h"

namespace omma {

const DeformableConvolutionKernel<float> deformable_convolution_avx2 = kernel<Avx2>;

}  // namespace omma
