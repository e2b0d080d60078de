#include "omma/text/gpt2_tokenizer.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/text/post_processor.h"
#include "omma/text/token_table.h"
#include "omma/text/tokenizer_config.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMergesFileBytes = std::size_t{256} << 20;

struct Gpt2Options {
  bool add_prefix_space = false;
  bool add_bos_token = false;
  bool add_eos_token = false;

  template <class Fields>
  void fields(Fields& field) {
    field("add_prefix_space", add_prefix_space);
    field("add_bos_token", add_bos_token);
    field("add_eos_token", add_eos_token);
  }
};

// GPT-2's own directory names no class; then config.json may tell of a model whose tokenizer is another.
void check_model_type(const TokenizerConfig& config, const fs::path& directory) {
  const fs::path file = directory / "config.json";
  if (config.fields.contains("tokenizer_class") || !fs::exists(file)) return;
  const json model = read_json(file);
  const json type = model.is_object() ? model.value("model_type", json()) : json();
  check(type.is_null() || type == "gpt2" || type == "opt" || type == "blip-2",
        "{}: model_type: expected gpt2, opt or blip-2 beside vocab.json and merges.txt, or a tokenizer.json, got {}", file.string(),
        dump_json(type));
}

// Lines of two tokens that become one, after a first line "#version: 0.2".
json read_merges(const fs::path& file) {
  const std::string text = read_file(file, kMaxMergesFileBytes);
  check(is_valid_utf8(text), "{}: expected UTF-8", file.string());
  json merges = json::array();
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(line);
  }
  return merges;
}

}  // namespace

bool has_gpt2_files(const fs::path& directory) {
  return fs::exists(directory / "vocab.json") && fs::exists(directory / "merges.txt");
}

json read_gpt2_tokenizer(const fs::path& directory) {
  TokenizerConfig config = read_tokenizer_config(directory);
  check_tokenizer_class(config, "GPT2Tokenizer", directory);
  check_model_type(config, directory);
  const auto options = read_config<Gpt2Options>(config.fields, (directory / "tokenizer_config.json").string());
  for (const char* name : {"bos_token", "eos_token", "unk_token"})
    config.named.emplace(name, AddedToken{.content = "<|endoftext|>", .normalized = false, .special = true});
  const fs::path file = directory / "vocab.json";
  const json vocabulary = read_json(file);
  const std::vector<AddedToken> added = added_tokens_of(config, TokenTable::from_json(vocabulary, file.string()));
  const auto template_token = [&](const char* name) -> TemplateToken {
    const std::string& content = config.named.at(name).content;
    const auto found = std::ranges::find(added, content, &AddedToken::content);
    return {content, found->id};
  };
  std::vector<TemplateToken> before, after;
  if (options.add_bos_token) before.push_back(template_token("bos_token"));
  if (options.add_eos_token) after.push_back(template_token("eos_token"));
  return {{"version", "1.0"},
          {"added_tokens", added_token_list(added)},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", options.add_prefix_space}, {"trim_offsets", true}}},
          {"post_processor", text_template(before, after)},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", read_merges(directory / "merges.txt")}}}};
}

}  // namespace omma
