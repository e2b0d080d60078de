// Vocabularies as GGUF files hold them against the libraries that made them (tools/parity/gguf_tokenizers.py).
#include "omma/text/gguf_tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "tests/parity/text/reference.h"

namespace omma {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStride = 5;  // ordinary builds read every text
#else
constexpr std::size_t kStride = 1;
#endif

template <class T>
void read(const json& object, const char* key, T& value) {
  if (object.contains(key)) value = object[key].get<T>();
}

template <class T>
void read(const json& object, const char* key, std::optional<T>& value) {
  if (object.contains(key)) value = object[key].get<T>();
}

GgufVocabulary vocabulary_of(const json& object) {
  GgufVocabulary vocabulary;
  read(object, "model", vocabulary.model);
  read(object, "pre", vocabulary.pre);
  read(object, "tokens", vocabulary.tokens);
  read(object, "token_type", vocabulary.token_type);
  read(object, "scores", vocabulary.scores);
  read(object, "merges", vocabulary.merges);
  read(object, "bos_token_id", vocabulary.bos_token_id);
  read(object, "eos_token_id", vocabulary.eos_token_id);
  read(object, "add_bos_token", vocabulary.add_bos_token);
  read(object, "add_eos_token", vocabulary.add_eos_token);
  read(object, "add_space_prefix", vocabulary.add_space_prefix);
  return vocabulary;
}

class GgufTokenizerParity : public ::testing::TestWithParam<std::string> {};

TEST_P(GgufTokenizerParity, EqualsTheLibrary) {
  const json reference = read_json(testing::tokenizer_references().parent_path() / "gguf_tokenizers" / (GetParam() + ".json"));
  const Tokenizer tokenizer = gguf_tokenizer(vocabulary_of(reference["vocabulary"]), GetParam());
  const json& cases = reference["cases"];
  ASSERT_GT(cases.size(), 700U);
  for (std::size_t i = 0; i < cases.size(); i += kStride) {
    const auto text = cases[i]["text"].get<std::string>();
    const std::string head = dump_json(text.substr(0, 200));
    const std::vector<std::int32_t> ids = tokenizer.encode(text).ids;
    ASSERT_EQ(ids, cases[i]["ids"].get<std::vector<std::int32_t>>()) << head;
    if (cases[i].contains("decoded")) {
      EXPECT_EQ(tokenizer.decode(ids), cases[i]["decoded"].get<std::string>()) << head;
    }
    if (cases[i].contains("plain")) {
      EXPECT_EQ(tokenizer.encode(text, {.parse_special = false}).ids, cases[i]["plain"].get<std::vector<std::int32_t>>()) << head;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgufTokenizerParity,
                         ::testing::Values("default", "gpt_2", "llama_bpe", "smollm", "tekken", "llama", "llama_no_blank"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace omma
