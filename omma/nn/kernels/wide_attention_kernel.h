// Attention of many queries on processors with AVX-512, in fp32 and bf16: bound by arithmetic.
#pragma once

#include <stdint.h>

#include "omma/nn/kernels/bfloat16.h"

namespace omma {

// What is added to the scores of a query t and the key at row y and column x of a grid of H W = S keys: rows[t, y] + columns[t, x].
template <class Value>
struct WideGridScores {
  int64_t height, width;  // H, W
  const Value* rows;      // [T, H]
  const Value* columns;   // [T, W]
};

// softmax(scale q k^T + grid) v of one head; scores and sums are fp32, softmax's numerators of the values' type. A row's channels
// lie side by side, strides are elements from row to row.
template <class Value>
struct WideAttention {
  int64_t queries, keys, channels;  // T, S > 0, D, even for bf16
  const Value* q;                   // [T, D]
  const Value* k;                   // [S, D]
  const Value* v;                   // [S, D]
  Value* output;                    // [T, D]
  int64_t q_stride, k_stride, v_stride, output_stride;
  float scale;                        // above 0
  const WideGridScores<Value>* grid;  // null: nothing
  float* scratch;                     // 64-byte aligned
};

template <class Value>
struct WideAttentionKernel {
  int64_t block;                                                                 // queries that attend takes well at a time
  int64_t (*scratch_size)(int64_t keys, int64_t channels);                       // floats
  void (*pack)(const WideAttention<Value>& head);                                // keys and values into the scratch, before attend
  void (*attend)(const WideAttention<Value>& head, int64_t begin, int64_t end);  // fills output rows [begin, end)
};

// On x86-64, built for AVX-512, AVX-512 BF16 and AMX.
extern const WideAttentionKernel<float> wide_attention_avx512;
extern const WideAttentionKernel<Bfloat16> wide_attention_avx512bf16, wide_attention_amx;

}  // namespace omma
