#include "omma/text/normalizer.h"

#include <memory>
#include <optional>

#include "omma/base/base64.h"
#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/text/charsmap.h"
#include "omma/text/component_list.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

struct BertNormalizerConfig {
  bool clean_text = true;  // drop controls, make white space a space
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents;  // as lowercase where it is not given
  bool lowercase = true;

  template <class Fields>
  void fields(Fields& field) {
    field("clean_text", clean_text);
    field("handle_chinese_chars", handle_chinese_chars);
    field("strip_accents", strip_accents);
    field("lowercase", lowercase);
  }
};

void clean(AlignedText& text) {
  text.filter([](char32_t code) { return code != 0 && code != kReplacementCharacter && !is_control(code); });
  text.map([](char32_t code) { return is_white_space(code) ? U' ' : code; });
}

// A space before and after each ideograph; all three stand for the ideograph.
void space_ideographs(AlignedText& text) {
  std::vector<RewrittenCharacter> spaced;
  bool has_any = false;
  const std::string& bytes = text.str();
  for (std::size_t i = 0; i < bytes.size();) {
    const DecodedCharacter character = decode_utf8(bytes, i);
    i += character.size;
    if (is_cjk_ideograph(character.code)) {
      has_any = true;
      spaced.insert(spaced.end(), {{' ', 0}, {character.code, 1}, {' ', 1}});
    } else {
      spaced.push_back({character.code, 0});
    }
  }
  if (has_any) text.rewrite(spaced);
}

Normalizer bert_normalizer(const BertNormalizerConfig& config) {
  return [config](AlignedText& text) {
    if (config.clean_text) clean(text);
    if (config.handle_chinese_chars) space_ideographs(text);
    if (config.strip_accents.value_or(config.lowercase)) {
      text.to_normal_form(NormalForm::nfd);
      text.filter([](char32_t code) { return !is_nonspacing_mark(code); });
    }
    if (config.lowercase) text.to_lower();
  };
}

struct StripConfig {
  bool strip_left = true;
  bool strip_right = true;
  template <class Fields>
  void fields(Fields& field) {
    field("strip_left", strip_left);
    field("strip_right", strip_right);
  }
};

struct PrependConfig {
  std::string prepend;
  template <class Fields>
  void fields(Fields& field) {
    field("prepend", prepend);
  }
};

struct ReplaceConfig {
  json pattern;
  std::string content;
  template <class Fields>
  void fields(Fields& field) {
    field("pattern", pattern);
    field("content", content);
  }
};

Normalizer replace_normalizer(const json& object, const std::string& where) {
  const auto config = read_config<ReplaceConfig>(object, where);
  return [pattern = Pattern::from_json(config.pattern, where + ".pattern"), content = config.content](AlignedText& text) {
    text.replace(pattern, content);
  };
}

// SentencePiece's nmt: what is for the eye alone becomes a space, controls go.
void clean_as_nmt(AlignedText& text) {
  text.filter([](char32_t code) {
    return code == 0 || code == '\t' || code == '\n' || code == '\f' || code == '\r' ||
           (code >= 0x20 && code != 0x7F && code != 0x8F && code != 0x9F);
  });
  text.map([](char32_t code) {
    const bool is_space = code == '\t' || code == '\n' || code == '\f' || code == '\r' || code == 0x1680 ||
                          (code >= 0x200B && code <= 0x200F) || code == 0x2028 || code == 0x2029 || code == 0x2581 ||
                          code == 0xFEFF || code == kReplacementCharacter;
    return is_space ? U' ' : code;
  });
}

struct PrecompiledConfig {
  std::string precompiled_charsmap;  // in base64
  template <class Fields>
  void fields(Fields& field) {
    field("precompiled_charsmap", precompiled_charsmap);
  }
};

Normalizer precompiled_normalizer(const json& object, const std::string& where) {
  const std::string field = where + ".precompiled_charsmap";
  const std::string bytes = from_base64(read_config<PrecompiledConfig>(object, where).precompiled_charsmap, field);
  return [charsmap = std::make_shared<const Charsmap>(bytes, field)](AlignedText& text) { charsmap->apply(text); };
}

Normalizer read_normalizer(const json& object, const std::string& where) {
  const std::string type = component_type(object, where);
  const auto normal_form = [](NormalForm form) { return [form](AlignedText& text) { text.to_normal_form(form); }; };
  if (type == "BertNormalizer") return bert_normalizer(read_config<BertNormalizerConfig>(object, where));
  if (type == "NFC") return normal_form(NormalForm::nfc);
  if (type == "NFD") return normal_form(NormalForm::nfd);
  if (type == "NFKC") return normal_form(NormalForm::nfkc);
  if (type == "NFKD") return normal_form(NormalForm::nfkd);
  if (type == "Lowercase") return [](AlignedText& text) { text.to_lower(); };
  if (type == "StripAccents") {
    return [](AlignedText& text) { text.filter([](char32_t code) { return !is_mark(code); }); };
  }
  if (type == "Strip") {
    return [config = read_config<StripConfig>(object, where)](AlignedText& text) {
      text.strip(config.strip_left, config.strip_right);
    };
  }
  if (type == "Prepend") {
    return [config = read_config<PrependConfig>(object, where)](AlignedText& text) { text.prepend(config.prepend); };
  }
  if (type == "Replace") return replace_normalizer(object, where);
  if (type == "Nmt") return clean_as_nmt;
  if (type == "Precompiled") return precompiled_normalizer(object, where);
  fail(
      "{}.type: \"{}\" is not built; expected BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, "
      "Prepend, Nmt, Precompiled or Sequence",
      where, type);
}

}  // namespace

std::vector<Normalizer> read_normalizers(const json& object, const std::string& where) {
  std::vector<Normalizer> steps;
  std::size_t count = 0;
  read_components(
      object, where, "normalizers",
      [&](const json& part, const std::string& part_where) { steps.push_back(read_normalizer(part, part_where)); }, count);
  return steps;
}

}  // namespace omma
