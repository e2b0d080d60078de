#include "omma/nn/kernels/block_linear_loops.h"
#include "omma/nn/kernels/simd_bytes_avx2.h"

namespace omma {

const BlockLinearKernels block_linear_avx2 = block_linear_kernels<Avx2Bytes>;

}  // namespace omma
