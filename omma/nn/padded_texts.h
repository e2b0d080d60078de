// Texts as the rows of one tensor, and what is asked of texts and pictures in pairs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "omma/nn/tensor.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct PaddedTexts {
  Tensor input_ids;  // [R, T] int64
  Tensor mask;       // [R, T] bool, true = a token; undefined where no row is padded
};

// Of texts with the tokenizer's own special tokens, [CLS] text [SEP] each. A text of more than `max_tokens` tokens is cut, its last
// token kept, or refused; one without tokens of its own may be refused, too. Throws std::invalid_argument.
enum class LongTexts { refuse, cut };
enum class EmptyTexts { refuse, keep };
PaddedTexts tokenize_texts(const Tokenizer& tokenizer, std::span<const std::string> texts, int64_t max_tokens, int64_t pad,
                           LongTexts longer = LongTexts::refuse, EmptyTexts empty = EmptyTexts::refuse);

// The lists one after another, one a picture, all as long as the longest: shorter ones are filled up with their first text. Throws
// std::invalid_argument for an empty list, and for another number of them.
std::vector<std::string> filled_up(std::size_t pictures, std::span<const std::vector<std::string>> texts);

// [R, C] of any type and device to R rows of C numbers.
std::vector<std::vector<float>> rows_of(const Tensor& matrix);

}  // namespace omma
