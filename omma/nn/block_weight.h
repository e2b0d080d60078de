// Weights that stay in a GGUF file's blocks of few bits, and linear layers by them.
#pragma once

#include "omma/io/gguf_blocks.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// A matrix [out, in] of blocks. Immutable; cheap to copy.
struct BlockWeight {
  GgufType type = GgufType::q8_0;
  int64_t in = 0;
  Tensor blocks;  // uint8 [out, bytes of a row], contiguous, on the CPU

  int64_t out() const { return blocks.size(0); }
};

// Whether weights of that type stay in blocks: those of 32 and 256 weights do, plain numbers become tensors.
bool is_block_type(GgufType type);

// x [..., in] -> [..., out], in x's type, float32 or bfloat16. Without gradients.
//
// Up to 16 rows pass a kernel that reads the weight as it is. With float32 its sums are of the values that the blocks stand for;
// with bfloat16 each 32 inputs are first rounded to bytes that share a scale. More rows are multiplied with parts of the weight
// turned into x's type.
Tensor linear(const Tensor& x, const BlockWeight& weight, const Tensor& bias = {});

// The rows of a table of words: int64 [...] -> [..., in] of `dtype`. Throws std::invalid_argument for an id that has none.
Tensor embed(const Tensor& ids, const BlockWeight& table, torch::Dtype dtype);

// All of it as numbers, [out, in].
Tensor to_dense(const BlockWeight& weight, torch::Dtype dtype);

}  // namespace omma
