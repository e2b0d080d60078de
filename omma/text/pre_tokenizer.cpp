#include "omma/text/pre_tokenizer.h"

#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/component_list.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

// GPT-2's: contractions, then runs of letters, digits or other characters with the space before them, then white space.
constexpr std::string_view kByteLevelExpression = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

void append(std::vector<AlignedText>& pieces, std::vector<AlignedText> more) {
  pieces.insert(pieces.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

PreTokenizer split_by_class(bool (*is_match)(char32_t), SplitBehavior behavior) {
  return [is_match, behavior](const AlignedText& piece, std::vector<AlignedText>& pieces) {
    append(pieces, piece.split(split_at(piece.str(), is_match), behavior));
  };
}

SplitBehavior behavior_from_name(const std::string& name, const std::string& where) {
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  check(name == "Contiguous", "{}: expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, got \"{}\"", where,
        name);
  return SplitBehavior::contiguous;
}

void split_bert(const AlignedText& piece, std::vector<AlignedText>& pieces) {
  for (const AlignedText& word : piece.split(split_at(piece.str(), is_white_space), SplitBehavior::removed))
    append(pieces, word.split(split_at(word.str(), is_punctuation), SplitBehavior::isolated));
}

// Runs of word characters, and runs of characters that are neither these nor white space.
void split_words(const AlignedText& piece, std::vector<AlignedText>& pieces) {
  enum class Kind { space, word, other };
  const auto kind_of = [](char32_t code) {
    if (is_word_character(code)) return Kind::word;
    return is_white_space(code) ? Kind::space : Kind::other;
  };
  const std::string& text = piece.str();
  std::size_t begin = 0;
  Kind kind = Kind::space;
  const auto cut = [&](std::size_t end) {
    if (kind != Kind::space) pieces.push_back(piece.slice(begin, end));
    begin = end;
  };
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    if (const Kind next = kind_of(character.code); next != kind) {
      cut(i);
      kind = next;
    }
    i += character.size;
  }
  cut(text.size());
}

struct ByteLevelConfig {
  bool add_prefix_space = true;
  bool use_regex = true;
  template <class Fields>
  void fields(Fields& field) {
    field("add_prefix_space", add_prefix_space);
    field("use_regex", use_regex);
  }
};

PreTokenizer byte_level(const ByteLevelConfig& config) {
  return
      [config, pattern = Pattern::regex(kByteLevelExpression, "ByteLevel")](AlignedText piece, std::vector<AlignedText>& pieces) {
        if (config.add_prefix_space && !piece.str().starts_with(' ')) piece.prepend(" ");
        const std::size_t first = pieces.size();
        if (config.use_regex) {
          append(pieces, piece.split(pattern.split(piece.str()), SplitBehavior::isolated));
        } else {
          pieces.push_back(std::move(piece));
        }
        for (std::size_t i = first; i < pieces.size(); ++i) pieces[i].to_byte_characters();
      };
}

struct MetaspaceConfig {
  std::string replacement = "▁";
  std::optional<std::string> prepend_scheme;  // always, first or never
  bool add_prefix_space = true;               // how files from before 2023 say always or never
  bool split = true;

  template <class Fields>
  void fields(Fields& field) {
    field("replacement", replacement);
    field("prepend_scheme", prepend_scheme);
    field("add_prefix_space", add_prefix_space);
    field("split", split);
  }
  void validate(Faults& faults) const {
    faults.expect(!replacement.empty() && decode_utf8(replacement, 0).size == replacement.size(),
                  "replacement: expected one character, got \"{}\"", replacement);
    if (!prepend_scheme) return;
    faults.expect(*prepend_scheme == "always" || *prepend_scheme == "first" || *prepend_scheme == "never",
                  "prepend_scheme: expected always, first or never, got \"{}\"", *prepend_scheme);
    faults.expect(add_prefix_space || *prepend_scheme == "never", "add_prefix_space: expected true, since prepend_scheme is {}",
                  *prepend_scheme);
  }
};

PreTokenizer metaspace(const MetaspaceConfig& config) {
  const std::string scheme = config.prepend_scheme.value_or(config.add_prefix_space ? "always" : "never");
  const Pattern space = Pattern::literal(" ");
  const Pattern mark = Pattern::literal(config.replacement);
  return [=, replacement = config.replacement, splits = config.split](AlignedText piece, std::vector<AlignedText>& pieces) {
    piece.replace(space, replacement);
    const bool prepends = scheme == "always" || (scheme == "first" && piece.source_begin() == 0);
    if (prepends && !piece.str().starts_with(replacement)) piece.prepend(replacement);
    if (splits) {
      append(pieces, piece.split(mark.split(piece.str()), SplitBehavior::merged_with_next));
    } else {
      pieces.push_back(std::move(piece));
    }
  };
}

struct SplitConfig {
  json pattern;
  std::string behavior = "Isolated";
  bool invert = false;  // split at what does not match
  template <class Fields>
  void fields(Fields& field) {
    field("pattern", pattern);
    field("behavior", behavior);
    field("invert", invert);
  }
};

PreTokenizer split_by_pattern(const json& object, const std::string& where) {
  const auto config = read_config<SplitConfig>(object, where);
  return [pattern = Pattern::from_json(config.pattern, where + ".pattern"), invert = config.invert,
          behavior = behavior_from_name(config.behavior, where + ".behavior")](const AlignedText& piece,
                                                                               std::vector<AlignedText>& pieces) {
    std::vector<TextPart> parts = pattern.split(piece.str());
    for (TextPart& part : parts) part.matches = part.matches != invert;
    append(pieces, piece.split(parts, behavior));
  };
}

struct PunctuationConfig {
  std::string behavior = "Isolated";
  template <class Fields>
  void fields(Fields& field) {
    field("behavior", behavior);
  }
};

struct DigitsConfig {
  bool individual_digits = false;
  template <class Fields>
  void fields(Fields& field) {
    field("individual_digits", individual_digits);
  }
};

PreTokenizer read_pre_tokenizer(const json& object, const std::string& where) {
  const std::string type = component_type(object, where);
  if (type == "BertPreTokenizer") return split_bert;
  if (type == "ByteLevel") return byte_level(read_config<ByteLevelConfig>(object, where));
  if (type == "Metaspace") return metaspace(read_config<MetaspaceConfig>(object, where));
  if (type == "Split") return split_by_pattern(object, where);
  if (type == "Whitespace") return split_words;
  if (type == "WhitespaceSplit") return split_by_class(is_white_space, SplitBehavior::removed);
  if (type == "Punctuation") {
    const auto config = read_config<PunctuationConfig>(object, where);
    return split_by_class(is_punctuation, behavior_from_name(config.behavior, where + ".behavior"));
  }
  if (type == "Digits") {
    const auto config = read_config<DigitsConfig>(object, where);
    return split_by_class(is_number, config.individual_digits ? SplitBehavior::isolated : SplitBehavior::contiguous);
  }
  fail(
      "{}.type: \"{}\" is not built; expected BertPreTokenizer, ByteLevel, Metaspace, Split, Whitespace, WhitespaceSplit, "
      "Punctuation, Digits or Sequence",
      where, type);
}

}  // namespace

std::vector<PreTokenizer> read_pre_tokenizers(const json& object, const std::string& where) {
  std::vector<PreTokenizer> steps;
  std::size_t count = 0;
  read_components(
      object, where, "pretokenizers",
      [&](const json& part, const std::string& part_where) { steps.push_back(read_pre_tokenizer(part, part_where)); }, count);
  return steps;
}

}  // namespace omma
