// The unigram language model (Kudo 2018, "Subword regularization", as in T5): of all ways to cut a word into pieces, the one whose
// scores, logarithms of probabilities, have the largest sum.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/text/prefix_trie.h"
#include "omma/text/token_model.h"

namespace omma {

struct UnigramConfig {
  std::optional<std::int64_t> unk_id;  // of runs of characters that no piece begins with
  bool byte_fallback = false;          // such runs as their bytes <0x00>..<0xFF>, where all have pieces
  bool exact_scores = false;           // omma's own: the scores never were text (see score_in_text in unigram.cpp)

  template <class Fields>
  void fields(Fields& field) {
    field("unk_id", unk_id);
    field("byte_fallback", byte_fallback);
    field("exact_scores", exact_scores);
  }
};

class Unigram : public TokenModel {
 public:
  // The "model" of a tokenizer.json; its "vocab" is a list of [piece, score], whose places are the ids. Throws
  // std::invalid_argument for pieces that repeat or have over 1 KiB, scores that are not finite, and an unk_id that is no place.
  Unigram(const json& object, const std::string& where);
  // Throws std::invalid_argument for an unknown character where there is no unk_id.
  void tokenize(std::string_view word, std::vector<WordToken>& tokens) const override;

 private:
  // The last piece of the best way to some place in a word.
  struct Step {
    double sum = 0;  // of all its scores
    std::int32_t id = -1;
    std::uint32_t begin = 0;
  };
  std::vector<Step> best_steps(std::string_view word) const;
  void add_unknown(std::string_view word, WordToken run, std::vector<WordToken>& tokens) const;

  std::vector<double> scores_;  // by id
  PrefixTrie pieces_;           // with their ids
  std::int32_t unk_id_ = -1;
  double unk_score_ = 0;
  std::vector<std::optional<std::int32_t>> byte_ids_;  // 256 with byte_fallback, else none
};

}  // namespace omma
