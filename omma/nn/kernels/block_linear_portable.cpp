#include "omma/nn/kernels/block_linear_loops.h"
#include "omma/nn/kernels/simd_bytes_portable.h"

namespace omma {

const BlockLinearKernels block_linear_portable = block_linear_kernels<PortableBytes>;

}  // namespace omma
