// Attention of many queries in bf16 on processors with AVX-512 BF16: bound by arithmetic.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

// What is added to the scores of a query t and the key at row y and column x of a grid of H W = S keys: rows[t, y] + columns[t, x].
struct WideGridScores {
  int64_t height, width;    // H, W
  const Bfloat16* rows;     // [T, H]
  const Bfloat16* columns;  // [T, W]
};

// softmax(scale q k^T + grid) v of one head; scores and sums are fp32, softmax's numerators bf16. A row's channels lie side by
// side, strides are elements from row to row.
struct WideAttention {
  int64_t queries, keys, channels;  // T, S > 0, D even
  const Bfloat16* q;                // [T, D]
  const Bfloat16* k;                // [S, D]
  const Bfloat16* v;                // [S, D]
  Bfloat16* output;                 // [T, D]
  int64_t q_stride, k_stride, v_stride, output_stride;
  float scale;                 // not 0
  const WideGridScores* grid;  // null: nothing
  float* scratch;              // 64-byte aligned
};

struct WideAttentionKernel {
  int64_t (*scratch_size)(int64_t keys, int64_t channels);                // floats
  void (*pack)(const WideAttention& head);                                // keys and values into the scratch, before attend
  void (*attend)(const WideAttention& head, int64_t begin, int64_t end);  // fills output rows [begin, end)
};

extern const WideAttentionKernel wide_attention_avx512bf16;  // on x86-64

}  // namespace omma
