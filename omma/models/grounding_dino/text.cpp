#include "omma/models/grounding_dino/text.h"

#include "omma/base/error.h"
#include "omma/models/phrase_prompt.h"

namespace omma::grounding_dino {

TextMasks sub_sentence_masks(const Tensor& input_ids) {
  check(input_ids.dim() == 2, "input_ids: expected [B, T], got {}", shape(input_ids));
  const int64_t tokens = input_ids.size(1);
  const Tensor index = torch::arange(tokens, input_ids.options()).expand_as(input_ids);  // [B, T]
  const Tensor separators = torch::tensor(torch::ArrayRef<int64_t>(separator_tokens), input_ids.options());
  const Tensor is_separator = torch::isin(input_ids, separators);

  // The separator that closes each token's block, and the one before the block (-1 where none).
  const Tensor closing = std::get<0>(torch::where(is_separator, index, tokens).flip({1}).cummin(1)).flip({1});
  const Tensor last = std::get<0>(torch::where(is_separator, index, -1).cummax(1));
  const Tensor opening = torch::constant_pad_nd(last.narrow(1, 0, tokens - 1), {1, 0}, -1);

  const Tensor in_block = (closing != 0) & (closing < tokens - 1);
  const Tensor together = (closing.unsqueeze(2) == closing.unsqueeze(1)) & in_block.unsqueeze(1);
  return {.attention_mask = together | torch::eye(tokens, input_ids.options().dtype(torch::kBool)),
          .position_ids = torch::where(in_block, index - opening - 1, 0)};
}

}  // namespace omma::grounding_dino
