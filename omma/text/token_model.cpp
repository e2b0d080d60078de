#include "omma/text/token_model.h"

#include "omma/base/error.h"
#include "omma/text/bpe.h"
#include "omma/text/unigram.h"
#include "omma/text/word_piece.h"

namespace omma {

TokenModel::TokenModel(const json& object, const std::string& where) {
  const auto vocabulary = object.find("vocab");
  check(vocabulary != object.end(), "{}.vocab: expected an object of tokens and ids", where);
  vocabulary_ = TokenTable::from_json(*vocabulary, where + ".vocab");
}

std::unique_ptr<TokenModel> read_token_model(const json& object, const std::string& where) {
  check(object.is_object(), "{}: expected an object, got {}", where, object.type_name());
  // Files from before 2020 have no type.
  const bool is_list = object.contains("vocab") && object["vocab"].is_array();
  std::string type = object.contains("merges") ? "BPE" : is_list ? "Unigram" : "WordPiece";
  if (const auto given = object.find("type"); given != object.end() && given->is_string()) type = given->get<std::string>();
  if (type == "BPE") return std::make_unique<Bpe>(object, where);
  if (type == "Unigram") return std::make_unique<Unigram>(object, where);
  check(type == "WordPiece", "{}.type: expected BPE, Unigram or WordPiece, got \"{}\"", where, type);
  return std::make_unique<WordPiece>(object, where);
}

}  // namespace omma
