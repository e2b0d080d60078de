#include "omma/text/tokenizer_config.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "omma/base/config.h"
#include "omma/base/error.h"

namespace omma {

namespace {

namespace fs = std::filesystem;

constexpr std::array kNames = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

json read_object(const fs::path& file) {
  if (!fs::exists(file)) return json::object();
  json object = read_json(file);
  check(object.is_object(), "{}: expected a JSON object, got {}", file.string(), object.type_name());
  return object;
}

// A special token as files write one: its text, or an object of its fields.
AddedToken special_token(const json& value, const std::string& where) {
  if (value.is_string()) return {.content = value, .normalized = false, .special = true};
  auto token = read_config<AddedToken>(value, where);
  token.special = true;
  return token;
}

void read_special_tokens(const json& object, const std::string& where, TokenizerConfig& config) {
  for (const char* name : kNames) {
    const json token = object.value(name, json());
    if (!token.is_null()) config.named[name] = special_token(token, where + ": " + name);
  }
  for (const char* name : {"additional_special_tokens", "extra_special_tokens"}) {
    for (const json& token : object.value(name, json::array())) config.listed.push_back(special_token(token, where + ": " + name));
  }
}

// {"50265": {"content": "<image>", ...}}
void read_added_tokens_decoder(const json& object, const std::string& where, TokenizerConfig& config) {
  check(object.is_object(), "{}: expected an object of ids and tokens, got {}", where, object.type_name());
  for (const auto& [id, fields] : object.items()) {
    const bool is_id = !id.empty() && id.size() < 10 && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_id) fail("{}: expected a token id, got \"{}\"", where, id);
    auto token = read_config<AddedToken>(fields, where + "." + id);
    token.id = std::stoi(id);
    config.added.push_back(std::move(token));
  }
}

// {"<image>": 50265}: special where the other files say so.
void read_added_tokens(const json& object, const std::string& where, TokenizerConfig& config) {
  std::set<std::string> special;
  for (const auto& [name, token] : config.named) special.insert(token.content);
  for (const AddedToken& token : config.listed) special.insert(token.content);
  for (const auto& [content, id] : object.items()) {
    const bool is_special = special.contains(content);
    const std::int32_t own = token_id_from_json(id, where + ": " + content);
    config.added.push_back({.id = own, .content = content, .normalized = !is_special, .special = is_special});
  }
}

}  // namespace

TokenizerConfig read_tokenizer_config(const fs::path& directory) {
  const fs::path file = directory / "tokenizer_config.json";
  TokenizerConfig config;
  config.fields = read_object(file);
  read_special_tokens(config.fields, file.string(), config);
  if (const json decoder = config.fields.value("added_tokens_decoder", json()); !decoder.is_null()) {
    read_added_tokens_decoder(decoder, file.string() + ": added_tokens_decoder", config);
    return config;
  }
  const fs::path special = directory / "special_tokens_map.json", added = directory / "added_tokens.json";
  read_special_tokens(read_object(special), special.string(), config);
  read_added_tokens(read_object(added), added.string(), config);
  return config;
}

void check_tokenizer_class(const TokenizerConfig& config, const std::string& expected, const fs::path& directory) {
  const json name = config.fields.value("tokenizer_class", json());
  check(name.is_null() || name == expected || name == expected + "Fast",
        "{}: tokenizer_class: expected {} beside files of this kind, or a tokenizer.json, got {}", directory.string(), expected,
        dump_json(name));
}

std::vector<AddedToken> added_tokens_of(const TokenizerConfig& config, const TokenTable& vocabulary,
                                        const std::vector<AddedToken>& own) {
  std::map<std::string, AddedToken> tokens;  // by content
  std::int64_t next = vocabulary.largest_id() + 1;
  for (const AddedToken& token : config.added) next = std::max(next, token.id + 1);
  const auto add = [&](AddedToken token) {
    if (tokens.contains(token.content)) return;
    const auto known = vocabulary.find(token.content);
    if (token.id < 0) token.id = known ? *known : next++;
    tokens.emplace(token.content, token);
  };
  for (const AddedToken& token : config.added) add(token);
  for (const char* name : kNames)
    if (const auto token = config.named.find(name); token != config.named.end()) add(token->second);
  for (const AddedToken& token : config.listed) add(token);
  for (const AddedToken& token : own) add(token);

  std::vector<AddedToken> list;
  for (auto& [content, token] : tokens) list.push_back(std::move(token));
  std::ranges::sort(list, {}, &AddedToken::id);  // the library that reads tokenizer.json counts them in the list's order
  return list;
}

}  // namespace omma
