#include "omma/text/token_decoder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/aligned_text.h"
#include "omma/text/byte_level.h"
#include "omma/text/component_list.h"
#include "omma/text/pattern.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) return;
  std::string result;
  std::size_t done = 0;
  for (; at != std::string::npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  text = result.append(text, done);
}

// Undoes what cutting English into words did to its spaces, token by token.
void clean_up(std::string& token) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules = {{{" .", "."},
                                                                                            {" ?", "?"},
                                                                                            {" !", "!"},
                                                                                            {" ,", ","},
                                                                                            {" ' ", "'"},
                                                                                            {" n't", "n't"},
                                                                                            {" 'm", "'m"},
                                                                                            {" do not", " don't"},
                                                                                            {" 's", "'s"},
                                                                                            {" 've", "'ve"},
                                                                                            {" 're", "'re"}}};
  for (const auto& [from, to] : kRules) replace_all(token, from, to);
}

struct WordPieceDecoderConfig {
  std::string prefix = "##";
  bool cleanup = true;
  template <class Fields>
  void fields(Fields& field) {
    field("prefix", prefix);
    field("cleanup", cleanup);
  }
};

TokenDecoder word_piece(const WordPieceDecoderConfig& config) {
  return [config](std::vector<std::string>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0) token = token.starts_with(config.prefix) ? token.substr(config.prefix.size()) : " " + token;
      if (config.cleanup) clean_up(token);
    }
  };
}

void byte_level_text(std::vector<std::string>& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) bytes += bytes_of_characters(token).value_or(token);
  tokens = {to_valid_utf8(bytes)};
}

// The byte of a token <0xAB>.
std::optional<char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  const int high = digit(token[3]);
  const int low = digit(token[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

// A run of byte tokens is the text of its bytes or, where they are malformed, U+FFFD for each.
void byte_fallback(std::vector<std::string>& tokens) {
  std::vector<std::string> result;
  std::string run;
  const auto end_run = [&] {
    if (is_valid_utf8(run)) {
      if (!run.empty()) result.push_back(run);
    } else {
      result.insert(result.end(), run.size(), "\uFFFD");
    }
    run.clear();
  };
  for (std::string& token : tokens) {
    if (const auto byte = fallback_byte(token)) {
      run += *byte;
    } else {
      end_run();
      result.push_back(std::move(token));
    }
  }
  end_run();
  tokens = std::move(result);
}

void fuse(std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  tokens = {std::move(text)};
}

struct MetaspaceDecoderConfig {
  std::string replacement = "▁";
  std::string prepend_scheme = "always";
  bool add_prefix_space = true;  // how files from before 2023 say always or never
  template <class Fields>
  void fields(Fields& field) {
    field("replacement", replacement);
    field("prepend_scheme", prepend_scheme);
    field("add_prefix_space", add_prefix_space);
  }
  void validate(Faults& faults) const { faults.expect(!replacement.empty(), "replacement: expected one character"); }
};

// The mark becomes a space again, in the first token nothing where encoding put one before the text.
TokenDecoder metaspace_decoder(const MetaspaceDecoderConfig& config) {
  const bool prepends = config.prepend_scheme != "never" && config.add_prefix_space;
  return [mark = config.replacement, prepends](std::vector<std::string>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], mark, i == 0 && prepends ? "" : " ");
  };
}

struct ReplaceConfig {
  json pattern;
  std::string content;
  template <class Fields>
  void fields(Fields& field) {
    field("pattern", pattern);
    field("content", content);
  }
};

TokenDecoder replace(const json& object, const std::string& where) {
  const auto config = read_config<ReplaceConfig>(object, where);
  return [pattern = Pattern::from_json(config.pattern, where + ".pattern"),
          content = config.content](std::vector<std::string>& tokens) {
    for (std::string& token : tokens) {
      std::string result;
      for (const TextPart& part : pattern.split(token)) {
        result += part.matches ? content : token.substr(part.begin, part.end - part.begin);
        check(result.size() <= AlignedText::kMaxTextBytes, "decoded text: expected at most {} bytes", AlignedText::kMaxTextBytes);
      }
      token = std::move(result);
    }
  };
}

struct StripConfig {
  std::string content = " ";
  std::int64_t start = 0;  // how many to take off each token's beginning, at most
  std::int64_t stop = 0;   // and end
  template <class Fields>
  void fields(Fields& field) {
    field("content", content);
    field("start", start, Range{0, 1e6});
    field("stop", stop, Range{0, 1e6});
  }
  void validate(Faults& faults) const {
    faults.expect(!content.empty() && decode_utf8(content, 0).size == content.size(), "content: expected one character, got \"{}\"",
                  content);
  }
};

TokenDecoder strip(const StripConfig& config) {
  return [config](std::vector<std::string>& tokens) {
    for (std::string& token : tokens) {
      std::string_view rest = token;
      for (std::int64_t i = 0; i < config.start && rest.starts_with(config.content); ++i) rest.remove_prefix(config.content.size());
      for (std::int64_t i = 0; i < config.stop && rest.ends_with(config.content); ++i) rest.remove_suffix(config.content.size());
      token = std::string(rest);
    }
  };
}

TokenDecoder read_token_decoder(const json& object, const std::string& where) {
  const std::string type = component_type(object, where);
  if (type == "WordPiece") return word_piece(read_config<WordPieceDecoderConfig>(object, where));
  if (type == "ByteLevel") return byte_level_text;
  if (type == "ByteFallback") return byte_fallback;
  if (type == "Fuse") return fuse;
  if (type == "Metaspace") return metaspace_decoder(read_config<MetaspaceDecoderConfig>(object, where));
  if (type == "Replace") return replace(object, where);
  check(type == "Strip",
        "{}.type: \"{}\" is not built; expected WordPiece, ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip or "
        "Sequence",
        where, type);
  return strip(read_config<StripConfig>(object, where));
}

}  // namespace

std::vector<TokenDecoder> read_token_decoders(const json& object, const std::string& where) {
  std::vector<TokenDecoder> steps;
  std::size_t count = 0;
  read_components(
      object, where, "decoders",
      [&](const json& part, const std::string& part_where) { steps.push_back(read_token_decoder(part, part_where)); }, count);
  return steps;
}

}  // namespace omma
