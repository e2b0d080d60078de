#include "omma/models/llava/original_tokens.h"

#include <initializer_list>
#include <string>

#include "omma/base/error.h"
#include "omma/io/hub_cache.h"
#include "omma/text/added_tokens.h"
#include "omma/text/sentencepiece.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

bool has_tokenizer(const fs::path& directory) {
  return fs::exists(directory / "tokenizer.json") || fs::exists(directory / "tokenizer.model");
}

fs::path tokenizer_directory(const OriginalLlava& original, const fs::path& directory, const std::optional<fs::path>& base) {
  if (has_tokenizer(directory)) return directory;
  if (base && has_tokenizer(*base)) return *base;
  const char* published = original.mistral ? "mistralai/Mistral-7B-Instruct-v0.2" : "lmsys/vicuna-7b-v1.5";
  fail(
      "{}: expected tokenizer.model or tokenizer.json here{}, found none; fetch it with: hf download {} tokenizer.model "
      "tokenizer_config.json special_tokens_map.json --local-dir {}",
      directory.string(), base ? " or in " + base->string() : "",
      is_repository_id(original.name_or_path) ? original.name_or_path : published, directory.string());
}

json read_tokenizer(const fs::path& directory, std::optional<bool> legacy) {
  const fs::path file = directory / "tokenizer.json";
  return fs::exists(file) ? read_json(file) : read_sentencepiece_tokenizer(directory, legacy);
}

json read_object(const fs::path& file) {
  if (!fs::exists(file)) return json::object();
  json object = read_json(file);
  check(object.is_object(), "{}: expected a JSON object, got {}", file.string(), object.type_name());
  return object;
}

// "bos_token" of tokenizer_config.json or special_tokens_map.json, a text or an object with one.
std::string special_token(std::initializer_list<json> files, const char* name, const char* otherwise) {
  for (const json& file : files) {
    json token = file.value(name, json());
    if (token.is_object()) token = token.value("content", json());
    if (token.is_string()) return token;
  }
  return otherwise;
}

// The class that reads tokenizer.json as it is.
json tokenizer_config(const fs::path& directory) {
  const json own = read_object(directory / "tokenizer_config.json"), map = read_object(directory / "special_tokens_map.json");
  json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"bos_token", special_token({own, map}, "bos_token", "<s>")},
                 {"eos_token", special_token({own, map}, "eos_token", "</s>")},
                 {"unk_token", special_token({own, map}, "unk_token", "<unk>")},
                 {"pad_token", "<pad>"},
                 {"padding_side", "left"},
                 {"clean_up_tokenization_spaces", false}};
  if (const json most = own.value("model_max_length", json()); most.is_number_unsigned()) config["model_max_length"] = most;
  return config;
}

}  // namespace

LlavaTokens llava_tokens(const OriginalLlava& original, const fs::path& directory, const std::optional<fs::path>& base,
                         int64_t rows) {
  const fs::path from = tokenizer_directory(original, directory, base);
  json file = read_tokenizer(from, original.has_video() ? std::optional(true) : std::nullopt);
  const Tokenizer reader = Tokenizer::from_json(file, from.string());
  int64_t count = int64_t{reader.largest_id()} + 1;
  check(count <= rows, "{}: tokenizer: has {} tokens, the model's vocabulary {}", from.string(), count, rows);
  const auto add = [&](const char* token) {
    if (reader.token_to_id(token)) return int64_t{*reader.token_to_id(token)};
    if (!file.value("added_tokens", json()).is_array()) file["added_tokens"] = json::array();
    file["added_tokens"].push_back(added_token(token, count, /*special=*/true));
    return count++;
  };
  if (original.mm_use_im_patch_token.value_or(count < rows)) add("<im_patch>");
  if (original.mm_use_im_start_end)
    for (const char* token : {"<im_start>", "<im_end>"})
      check(add(token) < rows, "{}: mm_use_im_start_end: expected a row of {} in the model's vocabulary of {}", original.where,
            token, rows);
  const int64_t image_token = add("<image>"), video_token = original.has_video() ? add("<video>") : 0;
  add("<pad>");
  return {.tokenizer = file,
          .tokenizer_config = tokenizer_config(from),
          .reader = Tokenizer::from_json(file, from.string()),
          .image_token = image_token,
          .video_token = video_token,
          .count = count};
}

}  // namespace omma
