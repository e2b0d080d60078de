// What decoders of text share: where the tokens of a pass stand, and attention that looks back.
//
// B rows, T tokens of this pass, S tokens in all (those of earlier passes before them), N heads, G heads of keys and values.
#pragma once

#include <cstdint>

#include "omma/nn/tensor.h"

namespace omma {

struct CausalPlaces {
  Tensor positions;  // int64 [T], or where rows are padded [B, T]: from each row's first real token, 0 before it
  Tensor mask;       // bool [1 or B, 1, T, S], true where attention is allowed; undefined: plain causal, no row padded
};

// Of `tokens` tokens after `past` others. `padding` int64 [B]: tokens of padding before each row's first; undefined: none.
CausalPlaces causal_places(int64_t past, int64_t tokens, const Tensor& padding, const torch::Device& device);

// softmax(q k^T / sqrt(D)) v for q [B, N, T, D] and k, v [B, G, S, D]; each of G serves N / G neighbouring heads. `mask` as above;
// undefined: token t of S = T sees the first t + 1, and one token all. [B, N, T, D]
Tensor causal_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask);

}  // namespace omma
