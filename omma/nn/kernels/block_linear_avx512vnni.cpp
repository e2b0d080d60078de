#include "omma/nn/kernels/block_linear_loops.h"
#include "omma/nn/kernels/simd_bytes_avx2.h"

namespace omma {
namespace {

// Vectors of 32 bytes, too: two such products a cycle are as many as one of 64, and a group of weights fills one.
struct VnniBytes : Avx2Bytes {
  static Floats dot(Bytes a, Bytes b) { return _mm256_cvtepi32_ps(_mm256_dpbusd_epi32(_mm256_setzero_si256(), a, b)); }
  static Floats dot_signed(Bytes a, Bytes b) { return dot(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a)); }
};

}  // namespace

const BlockLinearKernels block_linear_avx512vnni = block_linear_kernels<VnniBytes>;

}  // namespace omma
