// Where a prompt has places for what was seen: tokens that stand for a picture's or a clip's, one for each.
#pragma once

#include "omma/nn/tensor.h"

namespace omma {

// Words' embeddings [B, T, C] with `features` [F, C] (undefined: none) in the places where the ids, int64 [B, T], are `token`, in
// their order. Throws std::invalid_argument, beginning with `what`, where the number of places is not F.
Tensor fill_places(const Tensor& words, const Tensor& ids, int64_t token, const Tensor& features, const char* what);

}  // namespace omma
