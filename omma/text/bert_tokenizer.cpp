#include "omma/text/bert_tokenizer.h"

#include <set>
#include <string>

#include "omma/base/error.h"
#include "omma/text/added_tokens.h"

namespace omma {

namespace {

json template_piece(const char* kind, const std::string& id, int type_id) { return {{kind, {{"id", id}, {"type_id", type_id}}}}; }

json special_token(const std::string& token, const json& id) { return {{"id", token}, {"ids", {id}}, {"tokens", {token}}}; }

}  // namespace

json bert_tokenizer(const json& vocabulary, const BertTokenizerOptions& options, const std::string& where) {
  json added = json::array();
  std::set<std::string> seen;
  for (const std::string& token :
       {options.pad_token, options.unk_token, options.cls_token, options.sep_token, options.mask_token}) {
    check(vocabulary.contains(token), "{}: expected the token \"{}\"", where, token);
    if (seen.insert(token).second) added.push_back(added_token(token, vocabulary[token]));
  }
  const std::string& cls = options.cls_token;
  const std::string& sep = options.sep_token;
  const json normalizer = {{"type", "BertNormalizer"},
                           {"clean_text", true},
                           {"handle_chinese_chars", options.tokenize_chinese_chars},
                           {"strip_accents", options.strip_accents ? json(*options.strip_accents) : json()},
                           {"lowercase", options.do_lower_case}};
  const json single = {template_piece("SpecialToken", cls, 0), template_piece("Sequence", "A", 0),
                       template_piece("SpecialToken", sep, 0)};
  json pair = single;
  pair.push_back(template_piece("Sequence", "B", 1));
  pair.push_back(template_piece("SpecialToken", sep, 1));
  const json post_processor = {
      {"type", "TemplateProcessing"},
      {"single", single},
      {"pair", pair},
      {"special_tokens", {{cls, special_token(cls, vocabulary[cls])}, {sep, special_token(sep, vocabulary[sep])}}}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", normalizer},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", post_processor},
          {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", options.unk_token},
            {"continuing_subword_prefix", "##"},
            {"max_input_chars_per_word", 100},
            {"vocab", vocabulary}}}};
}

}  // namespace omma
