#include "omma/models/blip2/convert_language.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/models/zoo.h"
#include "omma/nn/weights.h"
#include "omma/text/sentencepiece.h"
#include "omma/text/tokenizer.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

void set_opt_ends(const Tokenizer& tokenizer, const json& object, Blip2Config& config) {
  const std::vector<std::int32_t> newline = tokenizer.encode("\n", {.add_special_tokens = false}).ids;
  config.eos_token_id = newline.empty() ? 2 : newline.front();
  config.bos_token_id = object.value("bos_token_id", json(2)).get<int64_t>();
}

int64_t words_of(const LanguageConfig& config) {
  return std::visit([](const auto& language) { return language.vocab_size; }, config);
}

json special_token(const std::string& content, int64_t id) {
  json token = {{"id", id}, {"content", content}, {"special", true}};
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) token[flag] = false;
  return token;
}

// Every text begins with `token`.
json begins_with(const std::string& token, int64_t id) {
  const json first = {{"SpecialToken", {{"id", token}, {"type_id", 0}}}}, text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
             second = {{"Sequence", {{"id", "B"}, {"type_id", 0}}}};
  return {{"type", "TemplateProcessing"},
          {"single", {first, text}},
          {"pair", {first, text, first, second}},
          {"special_tokens", {{token, {{"id", token}, {"ids", {id}}, {"tokens", {token}}}}}}};
}

// `rows` in all. What the new ones hold is never read, and said as little as <unk>, the first row.
void widen(TensorSet& tensors, const std::string& name, int64_t rows) {
  const TensorFile file = tensors.file();
  const TensorView* view = file.find(name);
  if (view == nullptr) return;  // tied
  const Tensor weight = to_tensor(*view);
  if (weight.size(0) < rows) tensors.set(name, torch::cat({weight, weight.narrow(0, 0, 1).expand({rows - weight.size(0), -1})}));
}

void set_up_vicuna(FrozenLanguage& language, TensorSet& tensors, Blip2Config& config) {
  const fs::path file = language.directory / "tokenizer.json";
  language.tokenizer = fs::exists(file) ? read_json(file) : read_sentencepiece_tokenizer(language.directory);
  const Tokenizer known = Tokenizer::from_json(language.tokenizer, file.string());
  const auto end = known.token_to_id("</s>");
  check(end.has_value(), "{}: expected a token </s>, which begins and ends Vicuna's texts", file.string());
  language.tokenizer["post_processor"] = begins_with("</s>", *end);
  int64_t next = std::max<int64_t>(known.largest_id() + 1, 0);
  const auto id_of = [&](const std::string& token) {
    if (const auto id = known.token_to_id(token)) return static_cast<int64_t>(*id);
    language.tokenizer["added_tokens"].push_back(special_token(token, next));
    return next++;
  };
  id_of("[PAD]");
  config.image_token_index = id_of("<image>");
  config.eos_token_id = config.bos_token_id.emplace(*end);
  language.tokenizer_config = {
      {"tokenizer_class", "PreTrainedTokenizerFast"}, {"padding_side", "left"}, {"truncation_side", "left"}};
  for (const char* name : {"bos_token", "eos_token", "unk_token"}) language.tokenizer_config[name] = "</s>";
  language.tokenizer_config["pad_token"] = "[PAD]";
  auto& llama = std::get<LlamaConfig>(*config.text_config);
  llama.vocab_size = std::max(llama.vocab_size, next);
  for (const char* name : {"language_model.model.embed_tokens.weight", "language_model.lm_head.weight"})
    widen(tensors, name, llama.vocab_size);
}

}  // namespace

FrozenLanguage add_blip2_language(const ConversionSource& source, const std::string& model_type, TensorSet& tensors,
                                  Blip2Config& config) {
  check(!source.base.empty(), "{}: it lacks its frozen language model: name its directory with --base DIR", source.from.string());
  FrozenLanguage language{.directory = find_model(source.base), .tokenizer = {}, .tokenizer_config = {}};
  const fs::path file = language.directory / "config.json";
  json object = read_json(file);
  const json type = object.value("model_type", json());
  check(type == model_type, "{}: model_type: expected \"{}\", the language model of {}, got {}", file.string(), model_type,
        source.from.string(), type.dump());
  if (type == "t5") object["dense_act_fn"] = "gelu";
  config.text_config = read_language_config(object, file.string());
  KeyTable names;
  names.rules = {{"**", {"language_model.**"}}};
  tensors.add(read_weights(language.directory), names);
  if (type == "llama") {
    set_up_vicuna(language, tensors, config);
    return language;
  }
  const Tokenizer tokenizer = Tokenizer::from_directory(language.directory);
  if (type == "opt") {
    set_opt_ends(tokenizer, object, config);
  } else {
    config.eos_token_id = object.value("eos_token_id", json(1));
    config.bos_token_id = 1;
  }
  if (tokenizer.largest_id() + 1 < words_of(*config.text_config))
    config.image_token_index = tokenizer.largest_id() + 1;  // as transformers would number it
  return language;
}

}  // namespace omma
