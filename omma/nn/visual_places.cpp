#include "omma/nn/visual_places.h"

#include "omma/base/error.h"

namespace omma {

Tensor fill_places(const Tensor& words, const Tensor& ids, int64_t token, const Tensor& features, const char* what) {
  const Tensor is_place = ids.eq(token);
  const auto places = is_place.sum().item<int64_t>(), tokens = features.defined() ? features.size(0) : 0;
  check(places == tokens, "{}: prompt: expected {} places for what is seen, got {}", what, tokens, places);
  return places == 0 ? words : words.index_put({is_place}, features.to(words.dtype()));
}

}  // namespace omma
