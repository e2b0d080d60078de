// LLaVA and LLaVA-NeXT against transformers (tools/parity/llava.py): pixels of odd pictures, their features, embeddings after
// splicing, logits, token sequences.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/llava/chat.h"
#include "omma/models/llava/checkpoint.h"
#include "tests/parity/reference.h"
#include "tests/parity/visual_prompts.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

std::string name_of_case(const ::testing::TestParamInfo<std::string>& tested) { return tested.param; }

class LlavaParity : public ::testing::TestWithParam<std::string> {
 protected:
  LlavaParity()
      : directory_(testing::parity_directory("llava") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        checkpoint_(load_llava(directory_, {.dtype = torch::kFloat32})) {
    for (int i = 0; i < 5; ++i) images_.push_back(read_image(directory_ / ("picture" + std::to_string(i) + ".png")));
    if (GetParam().ends_with("_wide")) tolerance_ = 1e-3;  // of sums of thousands
  }

  Tensor features_of(std::size_t picture) {
    LlavaViews views = checkpoint_.processor(images_[picture]);
    views.pixels = views.pixels.to(checkpoint_.model->multi_modal_projector->linear_1->weight.scalar_type());
    return checkpoint_.model->embed_picture(views);
  }

  // A prompt's ids with a place for each of its pictures' tokens.
  std::vector<int64_t> ids_of(const json& prompt) {
    std::vector<int64_t> ids;
    std::size_t next = 0;
    for (const std::int32_t id : checkpoint_.tokenizer.encode(prompt["text"].get<std::string>()).ids) {
      int64_t times = 1;
      if (id == checkpoint_.model->config().image_token_index) {
        const Image& image = images_[prompt["pictures"][next++].get<std::size_t>()];
        times = checkpoint_.processor.tokens_of({.width = image.width, .height = image.height});
      }
      ids.insert(ids.end(), static_cast<std::size_t>(times), id);
    }
    return ids;
  }

  testing::VisualPrompt read(const json& prompt) {
    std::vector<Tensor> features;
    for (const json& picture : prompt["pictures"]) features.push_back(features_of(picture.get<std::size_t>()));
    std::vector<int64_t> ids = ids_of(prompt);
    const Tensor rows = torch::tensor(ids, torch::kLong).unsqueeze(0);
    return {.ids = std::move(ids),
            .embeddings = checkpoint_.model->embed(rows, features.empty() ? Tensor() : torch::cat(features))};
  }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  LlavaCheckpoint checkpoint_;
  std::vector<Image> images_;
  double tolerance_ = 1e-4;
};

TEST_P(LlavaParity, PixelsAndFeaturesOfOddPictures) {
  const c10::InferenceMode inference;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const std::string number = std::to_string(i);
    testing::expect_close("pixels" + number, expected_.at("pixels" + number), checkpoint_.processor(images_[i]).pixels, 2e-6);
    const Tensor features = features_of(i);
    testing::expect_close("features" + number, expected_.at("features" + number), features.to(torch::kFloat32), tolerance_);
    EXPECT_EQ(features.size(0), checkpoint_.processor.tokens_of({.width = images_[i].width, .height = images_[i].height}));
  }
}

TEST_P(LlavaParity, EmbeddingsAndLogits) {
  const c10::InferenceMode inference;
  for (std::size_t i = 0; i < record_["prompts"].size(); ++i)
    testing::expect_logits(expected_, i, checkpoint_.model->language_model, read(record_["prompts"][i]), tolerance_);
}

TEST_P(LlavaParity, PromptsOfDifferentLengthInOneBatch) {
  const c10::InferenceMode inference;
  std::vector<testing::VisualPrompt> prompts;
  for (const json& index : record_["batch"]) prompts.push_back(read(record_["prompts"][index.get<std::size_t>()]));
  testing::expect_batch_logits(expected_, checkpoint_.model->language_model, prompts, tolerance_);
}

TEST_P(LlavaParity, TokenSequences) {
  const c10::InferenceMode inference;
  for (const json& prompt : record_["prompts"])
    testing::expect_runs(prompt, checkpoint_.model->language_model, checkpoint_.generation, read(prompt));
}

// Picture files and turns to text, by the directory's own processor and chat template.
TEST_P(LlavaParity, Conversations) {
  LlavaChat model(directory_);
  for (const json& chat : record_["chats"]) {
    std::vector<ChatTurn> turns;
    for (const json& told : chat["turns"]) {
      ChatTurn& turn = turns.emplace_back(told[0], std::vector<ChatPart>());
      for (const json& picture : told[2])
        turn.parts.emplace_back(std::make_shared<const Image>(images_[picture.get<std::size_t>()]));
      turn.parts.emplace_back(told[1].get<std::string>());
    }
    GenerationOptions options;
    options.max_tokens = 12;
    const ChatReply reply = model.chat(turns, options);
    EXPECT_EQ(reply.prompt_tokens, chat["prompt_tokens"]);
    EXPECT_EQ(reply.text, chat["text"]) << chat["prompt"];
  }
}

const std::vector<std::string> small_cases = {
    "crop", "pad", "full", "layers", "mistral", "next", "next_layers", "crop_transformers4", "next_transformers4"};

TEST(LlavaSaved, TransformersLoadsIt) {
  const testing::TemporaryDirectory directory;
  std::vector<std::filesystem::path> pairs;
  for (const std::string& name : small_cases) {
    const std::filesystem::path recorded = testing::parity_directory("llava") / name, saved = directory / name;
    LlavaCheckpoint checkpoint = load_llava(recorded);
    save_llava(saved, checkpoint,
               {.tokenizer = read_json(recorded / "tokenizer.json"),
                .tokenizer_config = read_json(recorded / "tokenizer_config.json"),
                .chat_template = read_file(recorded / "chat_template.jinja")},
               torch::kFloat32);
    LlavaCheckpoint again = load_llava(saved);
    const c10::InferenceMode inference;
    LlavaViews views = again.processor(read_image(recorded / "picture0.png"));
    EXPECT_TRUE(again.model->embed_picture(views).equal(checkpoint.model->embed_picture(views))) << name;
    pairs.insert(pairs.end(), {saved, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_llava.py", pairs));
}

INSTANTIATE_TEST_SUITE_P(Small, LlavaParity, ::testing::ValuesIn(small_cases), name_of_case);
INSTANTIATE_TEST_SUITE_P(FullSize, LlavaParity,
                         ::testing::ValuesIn(testing::exported("llava", {"vicuna_7b_wide", "mistral_7b_wide"})), name_of_case);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LlavaParity);

}  // namespace
}  // namespace omma
