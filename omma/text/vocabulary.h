// A small BERT vocabulary for models trained here.
#pragma once

#include <string>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// A tokenizer.json with BERT's lower-casing normalizer, pre-tokenizer and [CLS] $A [SEP] template, over the given words. The ids
// that published code relies on are BERT's: 0 [PAD], 100 [UNK], 101 [CLS], 102 [SEP], 103 [MASK], 1012 ".", 1029 "?". Letters,
// digits, their continuations (##a) and ASCII punctuation are always there, so that every lower-case ASCII word has ids other
// than [UNK]. The words follow in the order given; ids up to 1029 that nothing fills are [unused0], [unused1], ....
// Words must be lower-case and free of white space; repeated ones are dropped. Throws std::invalid_argument for others.
json make_bert_tokenizer(const std::vector<std::string>& words);

}  // namespace omma
