#include "omma/nn/kernels/deformable_convolution_loops.h"
#include "omma/nn/kernels/simd_portable.h"

namespace omma {

const DeformableConvolutionKernel<float> deformable_convolution_portable = kernel<Portable<float>>;
const DeformableConvolutionKernel<double> deformable_convolution_double = kernel<Portable<double>>;

}  // namespace omma
