#include "omma/text/post_processor.h"

#include <algorithm>
#include <map>
#include <optional>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/byte_level.h"
#include "omma/text/component_list.h"
#include "omma/text/token_table.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::size_t kMaxTemplateTokens = 256;

// White space as byte-level tokens write it, or as added tokens have it.
bool is_token_space(char32_t code) { return code == byte_character(' ') || is_white_space(code); }

std::uint32_t leading_spaces(std::string_view text) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const DecodedCharacter character = decode_utf8(text, i);
    if (!is_token_space(character.code)) break;
    i += character.size;
  }
  return count;
}

std::uint32_t trailing_spaces(std::string_view text) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    count = is_token_space(character.code) ? count + 1 : 0;
    i += character.size;
  }
  return count;
}

// Where each character of [begin, end) of the text begins, and `end`.
std::vector<std::uint32_t> character_borders(std::string_view text, SourceSpan span) {
  std::vector<std::uint32_t> borders;
  std::uint32_t at = span.begin;
  for (; at < span.end; at += decode_utf8(text, at).size) borders.push_back(at);
  borders.push_back(std::max(span.begin, span.end));
  return borders;
}

// Leaves white space at a token's ends out of its offsets. A space that add_prefix_space put before the text was never there.
void trim_offsets(std::vector<EncodedToken>& tokens, std::string_view text, bool add_prefix_space) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    EncodedToken& token = tokens[i];
    std::size_t leading = leading_spaces(token.text);
    const std::size_t trailing = trailing_spaces(token.text);
    if (leading == 0 && trailing == 0) continue;
    const bool is_first = i == 0 || token.source.begin == 0;
    if (is_first && add_prefix_space && leading == 1) leading = 0;
    const std::vector<std::uint32_t> borders = character_borders(text, token.source);
    const std::size_t count = borders.size() - 1;
    const std::size_t begin = std::min(leading, count);
    const std::size_t end = std::max(count - std::min(trailing, count), begin);
    token.source = {borders[begin], borders[end]};
  }
}

struct ByteLevelOffsetsConfig {
  bool add_prefix_space = true;
  bool trim_offsets = true;
  template <class Fields>
  void fields(Fields& field) {
    field("add_prefix_space", add_prefix_space);
    field("trim_offsets", trim_offsets);
  }
};

PostProcessor byte_level_offsets(const ByteLevelOffsetsConfig& config) {
  return [config](std::vector<EncodedToken>& tokens, const PostProcessorInput& input) {
    if (config.trim_offsets) trim_offsets(tokens, input.text, config.add_prefix_space);
  };
}

EncodedToken template_token(std::int32_t id, std::int32_t type_id) {
  return {.id = id, .text = {}, .source = {0, 0}, .type_id = type_id, .from_template = true};
}

// The token of a field such as "cls": ["[CLS]", 101].
std::int32_t read_named_token(const json& object, const std::string& name, const std::string& where) {
  const auto pair = object.find(name);
  check(pair != object.end() && pair->is_array() && pair->size() == 2, "{}.{}: expected [token, id]", where, name);
  return token_id_from_json((*pair)[1], where + "." + name);
}

void enclose(std::vector<EncodedToken>& tokens, std::int32_t first, std::int32_t last) {
  tokens.insert(tokens.begin(), template_token(first, 0));
  tokens.push_back(template_token(last, 0));
}

PostProcessor bert_processing(const json& object, const std::string& where) {
  return [cls = read_named_token(object, "cls", where), sep = read_named_token(object, "sep", where)](
             std::vector<EncodedToken>& tokens, const PostProcessorInput& input) {
    if (input.add_special_tokens) enclose(tokens, cls, sep);
  };
}

PostProcessor roberta_processing(const json& object, const std::string& where) {
  return [cls = read_named_token(object, "cls", where), sep = read_named_token(object, "sep", where),
          config = read_config<ByteLevelOffsetsConfig>(object, where)](std::vector<EncodedToken>& tokens,
                                                                       const PostProcessorInput& input) {
    if (config.trim_offsets) trim_offsets(tokens, input.text, config.add_prefix_space);
    if (input.add_special_tokens) enclose(tokens, cls, sep);
  };
}

// The text, or the ids of a special token.
struct TemplatePiece {
  std::optional<std::vector<std::int32_t>> ids;
  std::int32_t type_id = 0;
};

std::vector<std::int32_t> read_special_ids(const json& object, const std::string& name, const std::string& where) {
  const auto tokens = object.find("special_tokens");
  const bool is_there = tokens != object.end() && tokens->is_object() && tokens->contains(name) && (*tokens)[name].is_object() &&
                        (*tokens)[name].contains("ids") && (*tokens)[name]["ids"].is_array();
  check(is_there, "{}.special_tokens: expected the ids of \"{}\", which the template names", where, name);
  std::vector<std::int32_t> ids;
  for (const json& id : (*tokens)[name]["ids"]) ids.push_back(token_id_from_json(id, where + ".special_tokens"));
  return ids;
}

TemplatePiece read_template_piece(const json& piece, const json& object, const std::string& where) {
  const bool is_piece = piece.is_object() && piece.size() == 1 && piece.begin()->is_object();
  check(is_piece, "{}.single: expected {{\"Sequence\": {{...}}}} or {{\"SpecialToken\": {{...}}}}", where);
  const std::string& kind = piece.begin().key();
  const json& body = *piece.begin();
  const std::string id = body.contains("id") && body["id"].is_string() ? body["id"].get<std::string>() : "";
  const std::int32_t type_id = body.contains("type_id") ? token_id_from_json(body["type_id"], where + ".single.type_id") : 0;
  if (kind == "SpecialToken") return {read_special_ids(object, id, where), type_id};
  check(kind == "Sequence" && id == "A", "{}.single: expected Sequence A or a SpecialToken, got {} \"{}\"", where, kind, id);
  return {std::nullopt, type_id};
}

PostProcessor template_processing(const json& object, const std::string& where) {
  const auto single = object.find("single");
  check(single != object.end() && single->is_array(), "{}.single: expected a list", where);
  std::vector<TemplatePiece> pieces;
  std::size_t added = 0;
  std::size_t texts = 0;
  for (const json& piece : *single) {
    pieces.push_back(read_template_piece(piece, object, where));
    pieces.back().ids ? added += pieces.back().ids->size() : ++texts;
  }
  check(texts == 1 && added <= kMaxTemplateTokens, "{}.single: expected the text once and at most {} tokens, got {} and {}", where,
        kMaxTemplateTokens, texts, added);
  return [pieces](std::vector<EncodedToken>& tokens, const PostProcessorInput& input) {
    std::vector<EncodedToken> result;
    result.reserve(tokens.size() + pieces.size());
    for (const TemplatePiece& piece : pieces) {
      if (!piece.ids) {
        for (EncodedToken& token : tokens) token.type_id = piece.type_id;
        result.insert(result.end(), tokens.begin(), tokens.end());
      } else if (input.add_special_tokens) {
        for (const std::int32_t id : *piece.ids) result.push_back(template_token(id, piece.type_id));
      }
    }
    tokens = std::move(result);
  };
}

PostProcessor read_post_processor(const json& object, const std::string& where) {
  const std::string type = component_type(object, where);
  if (type == "TemplateProcessing") return template_processing(object, where);
  if (type == "BertProcessing") return bert_processing(object, where);
  if (type == "RobertaProcessing") return roberta_processing(object, where);
  check(type == "ByteLevel",
        "{}.type: \"{}\" is not built; expected TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or "
        "Sequence",
        where, type);
  return byte_level_offsets(read_config<ByteLevelOffsetsConfig>(object, where));
}

}  // namespace

std::vector<PostProcessor> read_post_processors(const json& object, const std::string& where) {
  std::vector<PostProcessor> steps;
  std::size_t count = 0;
  read_components(
      object, where, "processors",
      [&](const json& part, const std::string& part_where) { steps.push_back(read_post_processor(part, part_where)); }, count);
  return steps;
}

json text_template(const std::vector<TemplateToken>& before, const std::vector<TemplateToken>& after) {
  const auto piece = [](const char* kind, const std::string& id, int type_id) {
    return json{{kind, {{"id", id}, {"type_id", type_id}}}};
  };
  json single = json::array(), pair = json::array(), special = json::object();
  for (const int text : {0, 1}) {
    for (const TemplateToken& token : before) pair.push_back(piece("SpecialToken", token.text, text));
    pair.push_back(piece("Sequence", text == 0 ? "A" : "B", text));
    for (const TemplateToken& token : after) pair.push_back(piece("SpecialToken", token.text, text));
    if (text == 0) single = pair;
  }
  for (const auto* tokens : {&before, &after})
    for (const TemplateToken& token : *tokens)
      special[token.text] = {{"id", token.text}, {"ids", {token.id}}, {"tokens", {token.text}}};
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}};
}

}  // namespace omma
