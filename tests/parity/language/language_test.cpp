// OPT and T5 against transformers (tools/parity/language_models.py), from directories to texts.
#include <gtest/gtest.h>

#include "omma/base/json.h"
#include "omma/models/language/predictor.h"
#include "omma/nn/text_generation.h"
#include "tests/parity/recorded_options.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr double tolerance = 1e-4;

class LanguageParity : public ::testing::TestWithParam<std::string> {
 protected:
  LanguageParity()
      : directory_(testing::parity_directory("language_models") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        checkpoint_(load_language(directory_)) {}

  LanguageNetwork& network() { return *checkpoint_.language.network; }
  std::size_t count() const { return record_["prompts"].size(); }
  Tensor expected(const std::string& name, std::size_t i) const { return expected_.at(name + std::to_string(i)); }
  EmbeddedPrompts prompt(std::size_t i) { return {.embeddings = network().embed_ids(expected("ids", i))}; }

  // All of them, padded on the left as omma has it, whatever side the reference pads on.
  EmbeddedPrompts batch() {
    std::vector<int64_t> padding;
    std::vector<Tensor> rows;
    const int64_t longest = expected_.at("batch_ids").size(1);
    for (std::size_t i = 0; i < count(); ++i) {
      padding.push_back(longest - expected("ids", i).size(1));
      rows.push_back(torch::constant_pad_nd(expected("ids", i), {padding.back(), 0}, 1));
    }
    return {.embeddings = network().embed_ids(torch::cat(rows)), .padding = torch::tensor(padding)};
  }

  // Of one or all prompts, with the network alone.
  std::vector<GeneratedTokens> generated(const EmbeddedPrompts& prompts, std::size_t first, std::size_t last, std::size_t run) {
    const GenerationOptions options = testing::options_of(record_["prompts"][first]["runs"][run]["options"]);
    const GenerationSettings settings = settings_of(checkpoint_.generation, options, 20);
    std::vector<GenerationPrompt> each(last - first);
    for (std::size_t i = first; i < last && !network().is_encoder_decoder(); ++i)
      each[i - first].tokens = record_["prompts"][i]["ids"].get<std::vector<int64_t>>();
    if (network().is_encoder_decoder())
      for (GenerationPrompt& empty : each) empty.tokens = {0};  // the decoder's start
    return generate(*network().read(prompts, settings.max_tokens), each, settings);
  }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  LanguageCheckpoint checkpoint_;
};

TEST_P(LanguageParity, TextsAreTheSameTokens) {
  for (std::size_t i = 0; i < count(); ++i) {
    const Encoding encoding = checkpoint_.tokenizer.encode(record_["prompts"][i]["text"].get<std::string>());
    EXPECT_EQ(json(encoding.ids), record_["prompts"][i]["ids"]) << i;
  }
}

TEST_P(LanguageParity, Logits) {
  const c10::InferenceMode inference;
  const bool writes = network().is_encoder_decoder();
  const Tensor target = writes ? torch::cat({expected_.at("decoder_ids").narrow(1, 1, expected_.at("decoder_ids").size(1) - 1),
                                             torch::zeros({1, 1}, torch::kLong)},
                                            1)
                               : Tensor();
  for (std::size_t i = 0; i < count(); ++i) {
    if (writes) {
      const auto encoder = std::dynamic_pointer_cast<T5ForConditionalGenerationImpl>(checkpoint_.language.module)->encoder;
      testing::expect_close("encoded", expected("encoded", i), encoder.ptr()->encode(prompt(i).embeddings, {}), tolerance);
      testing::expect_close("logits", expected("logits", i), network().logits_of(prompt(i), target), tolerance);
    } else {
      // All but the first token's, which is the prompt.
      const Tensor ids = expected("ids", i), rest = ids.narrow(1, 1, ids.size(1) - 1);
      const EmbeddedPrompts first{.embeddings = network().embed_ids(ids.narrow(1, 0, 1))};
      const Tensor logits = network().logits_of(first, torch::cat({rest, torch::zeros({1, 1}, torch::kLong)}, 1));
      testing::expect_close("logits", expected("logits", i), logits, tolerance);
    }
  }
}

TEST_P(LanguageParity, LogitsOfABatch) {
  const c10::InferenceMode inference;
  if (network().is_encoder_decoder()) {
    const Tensor shifted = expected_.at("decoder_ids").narrow(1, 1, expected_.at("decoder_ids").size(1) - 1);
    const Tensor target = torch::cat({shifted, torch::zeros({1, 1}, torch::kLong)}, 1).expand({static_cast<int64_t>(count()), -1});
    testing::expect_close("batch", expected_.at("batch_logits"), network().logits_of(batch(), target), tolerance);
  } else {
    testing::expect_close("batch", expected_.at("batch_logits"), network().read(batch(), 1)->start(), tolerance);
  }
}

TEST_P(LanguageParity, TokenSequences) {
  const c10::InferenceMode inference;
  for (std::size_t run = 0; run < record_["prompts"][0]["runs"].size(); ++run) {
    const auto together = generated(batch(), 0, count(), run);
    for (std::size_t i = 0; i < count(); ++i) {
      const json& recorded = record_["prompts"][i]["runs"][run];
      EXPECT_EQ(json(generated(prompt(i), i, i + 1, run).front().tokens), recorded["ids"]) << i << recorded["options"];
      EXPECT_EQ(json(together[i].tokens), recorded["ids"]) << "in the batch: " << i << recorded["options"];
    }
  }
}

TEST_P(LanguageParity, Texts) {
  LanguagePredictor predictor(load_language(directory_));
  for (const json& prompt : record_["prompts"]) {
    const json& run = prompt["runs"][0];
    const GeneratedText text = predictor.generate(prompt["text"].get<std::string>(), testing::options_of(run["options"]));
    EXPECT_EQ(text.text, run["text"]);
  }
}

TEST_P(LanguageParity, SavedDirectoriesLoad) {
  const c10::InferenceMode inference;
  const testing::TemporaryDirectory saved;
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"})
    if (std::filesystem::exists(directory_ / name)) std::filesystem::copy(directory_ / name, saved.path() / name);
  save_language(saved.path(), checkpoint_, {}, torch::kFloat32);
  LanguageCheckpoint again = load_language(saved.path());
  EXPECT_TRUE(again.language.network->read(batch(), 1)->start().equal(network().read(batch(), 1)->start()));
}

std::string case_name(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(Small, LanguageParity,
                         ::testing::Values("opt", "opt_projected", "opt_transformers4", "opt_untied_gelu", "opt_pickled", "t5",
                                           "t5_flan", "t5_transformers4", "t5_flan_transformers4"),
                         case_name);

}  // namespace
}  // namespace omma
