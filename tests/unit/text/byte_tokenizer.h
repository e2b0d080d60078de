// A byte-level BPE tokenizer over single bytes, ids 0..255, with two added tokens.
#pragma once

#include <string>

#include "omma/base/json.h"
#include "omma/text/byte_level.h"
#include "omma/text/utf8.h"

namespace omma::testing {

inline json byte_tokenizer_json() {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) {
    std::string token;
    append_utf8(token, byte_character(static_cast<std::uint8_t>(byte)));
    vocabulary[token] = byte;
  }
  return {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}}},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"added_tokens",
           {{{"id", 256}, {"content", "<|end|>"}, {"normalized", false}, {"special", true}},
            {{"id", 257}, {"content", "<image>"}, {"normalized", false}, {"special", false}}}}};
}

}  // namespace omma::testing
