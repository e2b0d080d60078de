// BLIP-2 and InstructBLIP with their language models against transformers (tools/parity/blip2_generation.py), from picture files
// and prompts to texts.
#include <gtest/gtest.h>

#include <algorithm>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/blip2/speaker.h"
#include "omma/models/registry.h"
#include "omma/nn/padded_texts.h"
#include "tests/parity/recorded_options.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr double tolerance = 1e-4;

class Blip2GenerationParity : public ::testing::TestWithParam<std::string> {
 protected:
  Blip2GenerationParity()
      : directory_(testing::parity_directory("blip2_generation") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        speaker_(load_blip2_language(directory_, {.dtype = torch::kFloat32})) {
    for (const char* name : {"picture0.png", "picture1.png"}) images_.push_back(read_image(directory_ / name));
    for (const json& prompt : record_["prompts"])
      prompts_.push_back({.picture = prompt["picture"].get<int64_t>(), .text = prompt["text"].get<std::string>()});
  }

  Tensor expected(const std::string& name, std::size_t i) const { return expected_.at(name + std::to_string(i)); }
  Blip2Language model() const { return speaker_.checkpoint().model; }
  std::span<const Blip2Speaker::Prompt> one(std::size_t i) const { return std::span(prompts_).subspan(i, 1); }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  Blip2Speaker speaker_;
  std::vector<Image> images_;
  std::vector<Blip2Speaker::Prompt> prompts_;
};

TEST_P(Blip2GenerationParity, PicturesToEmbeddings) {
  const c10::InferenceMode inference;
  testing::expect_close("pixels", expected_.at("pixels")[0], speaker_.checkpoint().processor(images_[0]), 2e-6);
  const Tensor features = model()->vision_model(expected_.at("pixels"));
  testing::expect_close("features", expected_.at("features"), features, tolerance);
  const int64_t queries = model()->config().num_query_tokens;
  for (std::size_t i = 0; i < prompts_.size(); ++i) {
    const EmbeddedPrompts prompt = speaker_.read(features, one(i));
    testing::expect_close("projected", expected_.at("projected")[static_cast<int64_t>(i)],
                          prompt.embeddings[0].narrow(0, 0, queries), tolerance);
    testing::expect_close("embeddings", expected("embeddings", i), prompt.embeddings, tolerance);
  }
}

// Of what the language model reads, but its first embedding, as the prompt.
TEST_P(Blip2GenerationParity, Logits) {
  const c10::InferenceMode inference;
  const Tensor features = model()->vision_model(expected_.at("pixels"));
  LanguageNetwork& language = model()->language();
  for (std::size_t i = 0; i < prompts_.size(); ++i) {
    const EmbeddedPrompts prompt = speaker_.read(features, one(i));
    const Tensor logits = language.read(prompt, 1)->start();
    testing::expect_close("logits", expected("logits", i).select(1, -1), logits, tolerance);
    if (auto* network = dynamic_cast<CausalNetwork*>(&language))
      testing::expect_close("all logits", expected("logits", i),
                            network->logits(network->states({.embeddings = prompt.embeddings})), tolerance);
  }
  // The reference's own batch, but LLaMA's: called with a mask and no positions, transformers counts padding in them.
  const Tensor together = language.read(speaker_.read(features, prompts_), 1)->start();
  std::vector<Tensor> alone;
  for (std::size_t i = 0; i < prompts_.size(); ++i) alone.push_back(expected("logits", i).select(1, -1));
  testing::expect_close("as alone", torch::cat(alone), together, tolerance);
  if (dynamic_cast<LlamaForCausalLMImpl*>(&language) == nullptr)
    testing::expect_close("batch", expected_.at("batch_logits"), together, tolerance);
}

TEST_P(Blip2GenerationParity, TextsFromFiles) {
  const Tensor features = speaker_.look_at(images_);
  for (std::size_t run = 0; run < record_["prompts"][0]["runs"].size(); ++run) {
    const GenerationOptions options = testing::options_of(record_["prompts"][0]["runs"][run]["options"]);
    const std::vector<GeneratedText> together = speaker_.write(features, prompts_, options);
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      const json& recorded = record_["prompts"][i]["runs"][run];
      EXPECT_EQ(speaker_.write(features, one(i), options).front().text, recorded["text"]) << i << recorded["options"];
      EXPECT_EQ(together[i].text, recorded["text"]) << "in the batch: " << i << recorded["options"];
    }
  }
}

TEST_P(Blip2GenerationParity, Captions) {
  const auto captioner = load_captioner(directory_, {.dtype = "fp32"});
  const json& recorded = record_["prompts"][1];
  for (const json& run : recorded["runs"]) {
    const CaptionOptions options{.prompt = recorded["text"].get<std::string>(), .generation = testing::options_of(run["options"])};
    EXPECT_EQ(captioner->caption(std::span(images_).subspan(1, 1), options).front().captions.front().text, run["text"]);
  }
}

TEST_P(Blip2GenerationParity, Answers) {
  const auto answerer = load_answerer(directory_, {.dtype = "fp32"});
  const std::size_t last = prompts_.size() - 2;  // "Question: ... Answer:", which is left as it is
  const json& run = record_["prompts"][last]["runs"][1];
  const VisualQuestion question{.images = std::span(images_).subspan(0, 1), .text = prompts_[last].text};
  EXPECT_EQ(answerer->answer({&question, 1}, {.generation = testing::options_of(run["options"])}).front().answer, run["text"]);
  const AnswerResult chosen = answerer->answer({&question, 1}, {.answers = {"two", "yes", "a red ball"}}).front();
  EXPECT_TRUE(chosen.answer == "two" || chosen.answer == "yes" || chosen.answer == "a red ball");
  EXPECT_LT(chosen.score, 0);
}

std::string blip2_case_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '.', '_');
  return name;
}

const std::vector<std::string> generation_cases = {
    "opt", "opt_fp16", "opt_transformers4", "t5", "t5_transformers4", "instruct_vicuna", "instruct_t5", "instruct_transformers4"};

INSTANTIATE_TEST_SUITE_P(Small, Blip2GenerationParity, ::testing::ValuesIn(generation_cases), blip2_case_name);
INSTANTIATE_TEST_SUITE_P(FirstFiles, Blip2GenerationParity, ::testing::Values("as_published"), blip2_case_name);
INSTANTIATE_TEST_SUITE_P(FullSize, Blip2GenerationParity,
                         ::testing::ValuesIn(testing::exported("blip2_generation", {"opt_2.7b_wide", "flan_t5_xl_wide"})),
                         blip2_case_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Blip2GenerationParity);

TEST(Blip2GenerationSaved, TransformersLoadsIt) {
  const testing::TemporaryDirectory directory;
  std::vector<std::filesystem::path> pairs;
  for (const std::string& name : generation_cases) {
    const std::filesystem::path recorded = testing::parity_directory("blip2_generation") / name, saved = directory / name;
    const Blip2LanguageCheckpoint checkpoint = load_blip2_language(recorded, {.dtype = torch::kFloat32});
    Blip2LanguageFiles files{.tokenizer = read_json(recorded / "tokenizer.json"),
                             .tokenizer_config = read_json(recorded / "tokenizer_config.json"),
                             .qformer_tokenizer = {}};
    if (checkpoint.qformer_tokenizer) files.qformer_tokenizer = read_json(recorded / "qformer_tokenizer" / "tokenizer.json");
    save_blip2_language(saved, checkpoint, files, torch::kFloat32);
    pairs.insert(pairs.end(), {saved, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_blip2_generation.py", pairs));
}

}  // namespace
}  // namespace omma
