// Attention of few queries (a decoder's step): bound by reading keys and values, which are read once for four queries.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

// softmax(scale q k^T) v of one head; sums are fp32. A row's channels lie side by side, strides are elements from row to row.
template <class Value>
struct ThinAttention {
  int64_t queries, keys, channels;  // T, S > 0, D
  const Value* q;                   // [T, D]
  const Value* k;                   // [S, D]
  const Value* v;                   // [S, D]
  Value* output;                    // [T, D]
  int64_t q_stride, k_stride, v_stride, output_stride;
  float scale;
  float* weights;  // room for [4, S]
};

struct ThinAttentionKernels {
  void (*fp32)(const ThinAttention<float>& head);
  void (*bf16)(const ThinAttention<Bfloat16>& head);
};

extern const ThinAttentionKernels thin_attention_portable;
extern const ThinAttentionKernels thin_attention_avx2;    // on x86-64
extern const ThinAttentionKernels thin_attention_avx512;  // on x86-64

}  // namespace omma
