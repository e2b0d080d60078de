// The "post_processor" of a tokenizer.json: adds the tokens of a template, trims offsets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/text/aligned_text.h"

namespace omma {

struct EncodedToken {
  std::int32_t id = 0;
  std::string_view text;  // the vocabulary's; for added tokens what they took of the text, with white space
  SourceSpan source{0, 0};
  std::int32_t type_id = 0;
  bool from_template = false;
};

struct PostProcessorInput {
  std::string_view text;  // as it was given
  bool add_special_tokens = true;
};

using PostProcessor = std::function<void(std::vector<EncodedToken>& tokens, const PostProcessorInput& input)>;

// The steps in order, none for null. Built: TemplateProcessing (its template for one text), BertProcessing, RobertaProcessing,
// ByteLevel and Sequence of these. Throws std::invalid_argument, beginning with `where`, for others, for template tokens that the
// file does not define, and for sequences too long or too deep (see component_list.h).
std::vector<PostProcessor> read_post_processors(const json& object, const std::string& where);

struct TemplateToken {
  std::string text;
  std::int64_t id = 0;
};

// The entry of a tokenizer.json that puts tokens before and after each text.
json text_template(const std::vector<TemplateToken>& before, const std::vector<TemplateToken>& after);

}  // namespace omma
