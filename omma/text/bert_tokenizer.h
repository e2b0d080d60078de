// The tokenizer.json that BERT's tokenizer amounts to.
#pragma once

#include <optional>
#include <string>

#include "omma/base/json.h"

namespace omma {

// Fields of BERT's tokenizer_config.json.
struct BertTokenizerOptions {
  bool do_lower_case = true;
  std::optional<bool> strip_accents;  // as do_lower_case where it is not given
  bool tokenize_chinese_chars = true;
  std::string unk_token = "[UNK]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string mask_token = "[MASK]";

  template <class Fields>
  void fields(Fields& field) {
    field("do_lower_case", do_lower_case);
    field("strip_accents", strip_accents);
    field("tokenize_chinese_chars", tokenize_chinese_chars);
    field("unk_token", unk_token);
    field("sep_token", sep_token);
    field("pad_token", pad_token);
    field("cls_token", cls_token);
    field("mask_token", mask_token);
  }
};

// Over a vocabulary {"token": id, ...} that has the five special tokens. Throws std::invalid_argument, beginning with `where`,
// where it lacks one.
json bert_tokenizer(const json& vocabulary, const BertTokenizerOptions& options, const std::string& where);

}  // namespace omma
