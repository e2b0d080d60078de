// The text side's input: sub-sentence masks (section 3.4 of the paper) and what the model keeps of an encoded prompt.
#pragma once

#include "omma/nn/tensor.h"

namespace omma::grounding_dino {

struct TextMasks {
  Tensor attention_mask;  // [B, T, T] bool, true = may attend: the tokens of one block (its closing separator included) see one
                          // another; [CLS], the last token and padding see only themselves
  Tensor position_ids;    // [B, T] int64: 0, 1, ... within a block
};
TextMasks sub_sentence_masks(const Tensor& input_ids);  // [B, T] int64

// One encoded prompt per sample, before the feature enhancer.
struct TextFeatures {
  Tensor features;             // [B, T, C]
  Tensor token_mask;           // [B, T] bool, true = a token, false = padding
  Tensor self_attention_mask;  // [B, T, T] bool
  Tensor position_ids;         // [B, T] int64
};

}  // namespace omma::grounding_dino
