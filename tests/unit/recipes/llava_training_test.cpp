// LLaVA's training: what is learned of a dialogue, which samples stand together, from parts to a directory that chats.
#include <gtest/gtest.h>

#include <set>

#include "omma/base/file.h"
#include "omma/base/log.h"
#include "omma/io/image_file.h"
#include "omma/models/llama/checkpoint.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/merge.h"
#include "omma/models/registry.h"
#include "omma/nn/tensor.h"
#include "omma/recipes/llava/batch_plan.h"
#include "omma/recipes/llava/objective.h"
#include "omma/recipes/llava/training.h"
#include "omma/recipes/run_recipe.h"
#include "omma/recipes/stages.h"
#include "omma/train/trainer.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"
#include "tests/unit/llava/small_llava.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::invalid_argument_of;

Tokenizer letters() { return Tokenizer::from_json(testing::small_llava_tokenizer(), "tokenizer"); }

std::string learned_text(const DialogueTokens& tokens, const Tokenizer& tokenizer) {
  std::string text;
  for (std::size_t i = 0; i < tokens.ids.size(); ++i) {
    const auto id = static_cast<std::int32_t>(tokens.ids[i]);
    if (tokens.is_learned[i] != 0) text += tokenizer.decode(std::span(&id, 1), false);
  }
  return text;
}

TEST(LlavaDialogue, TheAssistantsWordsAndWhatEndsThemAreLearned) {
  const InstructionSample sample{.id = "1", .image = "a.png", .rounds = {{"Q </s> one?", "An <image> answer."}, {"Two?", "No."}}};
  const DialogueForm form{.chat_template = ChatTemplate::built_in("vicuna_v1")};
  const DialogueTokens tokens = tokenize_dialogue(sample, form, letters());
  EXPECT_EQ(learned_text(tokens, letters()), " An <image> answer.</s> No.</s>");
  EXPECT_EQ(std::ranges::count(tokens.ids, testing::llava_image_token), 1) << "what people write is text";
  EXPECT_TRUE(tokens.is_whole);

  const DialogueForm plain{.chat_template = ChatTemplate::built_in("plain"), .answers_alone = true};
  const InstructionSample caption{.id = "1", .image = "a.png", .rounds = {{"What is it?", "a dog"}}};
  const DialogueTokens described = tokenize_dialogue(caption, plain, letters());
  EXPECT_EQ(learned_text(described, letters()), "a dog\n");
  EXPECT_EQ(std::ssize(described.ids), 1 + 6) << "the question is left out";
}

TEST(LlavaDialogue, ATemplateThatChangesItsPastIsRefused) {
  const InstructionSample sample{.id = "1", .rounds = {{"One?", "Yes."}, {"Two?", "No."}}};
  const DialogueForm counts{
      .chat_template = ChatTemplate::from_source("{{ messages|length }}{% for m in messages %}{{ m.role }}{% endfor %}", "counts")};
  EXPECT_NE(invalid_argument_of([&] { tokenize_dialogue(sample, counts, letters()); }).find("chat template"), std::string::npos);
}

// "USER:xASSISTANT:y" with a token "Tx" over the border of the answer.
TEST(LlavaDialogue, ATokenOnBothSidesOfABorderMasksTheSample) {
  json tokenizer = testing::small_llava_tokenizer();
  tokenizer["model"]["vocab"][":n"] = 131;
  tokenizer["model"]["merges"] = {": n"};
  tokenizer["pre_tokenizer"]["use_regex"] = false;
  const auto merging = Tokenizer::from_json(tokenizer, "tokenizer");
  const DialogueForm form{.chat_template =
                              ChatTemplate::from_source("{% for m in messages %}{{ m.content[0].text }}:{% endfor %}", "joined")};
  const DialogueTokens bad = tokenize_dialogue({.id = "1", .rounds = {{"Is it?", "no"}}}, form, merging);
  EXPECT_FALSE(bad.is_whole);
  EXPECT_EQ(std::ranges::count(bad.is_learned, 1), 0);
  const DialogueTokens good = tokenize_dialogue({.id = "1", .rounds = {{"Is it?", "yes"}}}, form, merging);
  EXPECT_TRUE(good.is_whole);
  EXPECT_EQ(learned_text(good, merging), "yes:");
}

TEST(LlavaDialogue, APictureTakesItsPlacesBeforeTheTextIsCut) {
  DialogueTokens tokens{.ids = {5, 9, 6, 7}, .is_learned = {0, 0, 0, 1}};
  expand(tokens, 9, 3, 100);
  EXPECT_EQ(tokens.ids, (std::vector<int64_t>{5, 9, 9, 9, 6, 7}));
  EXPECT_EQ(tokens.is_learned, (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 1}));
  EXPECT_TRUE(expand(tokens, 8, 3, 5)) << "no picture to make room for";
  EXPECT_EQ(tokens.ids.size(), 5U);

  DialogueTokens long_picture{.ids = {5, 9, 6, 7}, .is_learned = {0, 0, 0, 1}};
  EXPECT_FALSE(expand(long_picture, 9, 3, 3));
  EXPECT_EQ(long_picture.ids, (std::vector<int64_t>{5}));
  EXPECT_EQ(long_picture.is_learned, (std::vector<std::uint8_t>{0}));
}

TEST(LlavaBatchPlan, EachSampleOnceAGroupAndAlikeOnesTogether) {
  const std::shared_ptr<const InstructionDataset> data = open_instruction_dataset("world:size=32,count=64", "train");
  const BatchPlan plan(data, 3, 4, 8, false), again(data, 3, 4, 8, false), blind(data, 3, 4, 1, true);
  std::set<std::uint64_t> seen;
  double within = 0;
  std::size_t shortest = 1e9, longest = 0;
  const ShuffledOrder order(3 ^ order_stream, data->size());
  for (int64_t number = 8; number < 16; ++number) {
    const std::vector<std::uint64_t> batch = plan.batch(number);
    EXPECT_EQ(batch, again.batch(number));
    EXPECT_EQ(batch.size(), 4U);
    seen.insert(batch.begin(), batch.end());
    std::vector<std::size_t> lengths;
    for (const std::uint64_t sample : batch) {
      std::size_t length = 0;
      for (const InstructionRound& round : data->sample(order[sample]).rounds)
        length += round.question.size() + round.answer.size();
      lengths.push_back(length);
    }
    within += static_cast<double>(*std::ranges::max_element(lengths) - *std::ranges::min_element(lengths)) / 8;
    shortest = std::min(shortest, *std::ranges::min_element(lengths));
    longest = std::max(longest, *std::ranges::max_element(lengths));
  }
  EXPECT_EQ(seen.size(), 32U);
  EXPECT_EQ(*seen.begin(), 32U);
  EXPECT_LT(within, .4 * static_cast<double>(longest - shortest));
  EXPECT_EQ(blind.batch(2), (std::vector<std::uint64_t>{8, 9, 10, 11}));
}

class LlavaTrainingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    set_log_sink(nullptr);
    directory_ = std::make_unique<testing::TemporaryDirectory>();
    train(recipe({{"steps", 200}}), "whole");
  }
  static void TearDownTestSuite() { directory_.reset(); }

  static fs::path place(const std::string& run) { return directory_->path() / run; }
  static TrainingOutcome train(const json& recipe, const std::string& run, bool resume = false, std::optional<int64_t> stop = {}) {
    return run_recipe(recipe, "recipe", {.out = place(run), .resume = resume, .stop_after = stop});
  }

  // From nothing, of two scenes: enough to know them by heart.
  static json recipe(const json& changes = json::object()) {
    const LlavaConfig small = testing::small_llava_config();
    json model = {{"vision_config", write_config(small.vision_config)}, {"text_config", write_config(small.text_config)}};
    model["vision_config"].update({{"image_size", 32}, {"patch_size", 16}});
    model["text_config"].update({{"tie_word_embeddings", true}, {"vocab_size", 1}});
    json object = {{"task", "llava"},
                   {"seed", 3},
                   {"steps", 6},
                   {"batch_size", 4},
                   {"group", 2},
                   {"data", "world:size=32,count=2,objects=1,kinds=detail"},
                   {"validation_data", "world:size=32,count=2,objects=1,kinds=detail"},
                   {"validation_split", "train"},
                   {"learns", {"projector", "language_model", "vision_tower"}},
                   {"learning_rate", .01},
                   {"beta2", .98},
                   {"threads", 1},
                   {"model", model}};
    object.update(changes);
    return object;
  }
  // From that one.
  static json from_whole(const json& changes) {
    json object = recipe({{"initial_weights", {(place("whole") / "model").string()}}});
    object.erase("model");
    object.update(changes);
    return object;
  }
  static TensorFile weights(const std::string& run) { return read_weights(place(run) / "model"); }
  static bool same(const std::string& run, const std::string& name) {
    const TensorFile before = weights("whole"), after = weights(run);
    return std::ranges::equal(before.find(name)->bytes, after.find(name)->bytes);
  }

  static inline std::unique_ptr<testing::TemporaryDirectory> directory_;
};

constexpr const char* tower_weight = "vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight";
constexpr const char* projector_weight = "multi_modal_projector.linear_1.weight";
constexpr const char* language_weight = "language_model.model.layers.0.mlp.up_proj.weight";

TEST_F(LlavaTrainingTest, LearnsAFewSamplesByHeartAndSpeaksThem) {
  const json figures = read_json(outcome_file(place("whole")))["validation"];
  EXPECT_LT(figures["loss"].get<double>(), .7) << dump_json(figures);
  EXPECT_GT(figures["accuracy"].get<double>(), .8) << dump_json(figures);
  const auto data = open_instruction_dataset("world:size=32,count=2,objects=1,kinds=detail", "train");
  const auto chat = load_chat_model(place("whole") / "model");
  const InstructedImage loaded = data->load(0);
  const std::vector<ChatTurn> turns = {
      {"user", std::vector<ChatPart>{std::make_shared<const Image>(loaded.image), loaded.sample.rounds.front().question}}};
  GenerationOptions few;
  few.max_tokens = 60;
  EXPECT_GT(chat->chat(turns, few).text.size(), 10U);
}

TEST_F(LlavaTrainingTest, OnlyWhatIsNamedLearns) {
  train(from_whole({{"learns", {"projector"}}, {"chat_template", "plain"}}), "stage_one");
  EXPECT_TRUE(same("stage_one", tower_weight) && same("stage_one", language_weight));
  EXPECT_FALSE(same("stage_one", projector_weight));
  train(from_whole({{"learns", {"projector", "language_model"}}}), "stage_two");
  EXPECT_TRUE(same("stage_two", tower_weight));
  EXPECT_FALSE(same("stage_two", projector_weight) || same("stage_two", language_weight));
  const auto talk = [](const std::string& run) { return read_file(place(run) / "model/chat_template.jinja"); };
  EXPECT_EQ(talk("whole"), talk("stage_one")) << "a caption's form teaches, and the model's own stays";
  EXPECT_NE(invalid_argument_of([] { train(from_whole({{"learns", {"tower"}}}), "unknown"); }).find("learns"), std::string::npos);
}

TEST_F(LlavaTrainingTest, AStoppedRunGoesOnAsIfItHadNotBeen) {
  const json recipe = from_whole({{"seed", 9}});
  train(recipe, "at_once");
  train(recipe, "in_two", false, 3);
  train(recipe, "in_two", true);
  const TensorFile one = weights("at_once"), two = weights("in_two");
  for (const TensorView& view : one.tensors()) EXPECT_TRUE(std::ranges::equal(view.bytes, two.find(view.name)->bytes)) << view.name;
}

TEST_F(LlavaTrainingTest, CheckpointingChangesNothing) {
  const TrainingOutcome kept = train(from_whole({{"seed", 9}}), "kept");
  const TrainingOutcome again = train(from_whole({{"seed", 9}, {"gradient_checkpointing", true}}), "recomputed");
  EXPECT_NEAR(kept.loss, again.loss, 1e-5);
}

TEST_F(LlavaTrainingTest, Bf16LearnsAlmostTheSame) {
  const TrainingOutcome full = train(from_whole({{"seed", 9}}), "full");
  const TrainingOutcome half = train(from_whole({{"seed", 9}, {"bf16", true}}), "half");
  EXPECT_NE(half.loss, full.loss);
  EXPECT_NEAR(half.loss, full.loss, .05);
}

TEST_F(LlavaTrainingTest, PartsBecomeAWholeAndItsVocabularyGrows) {
  // The parts, as directories of their own.
  LlavaCheckpoint whole = load_llava(place("whole") / "model", {.dtype = torch::kFloat32});
  json tokenizer = read_json(place("whole") / "model/tokenizer.json");
  ASSERT_EQ(tokenizer["added_tokens"].back()["content"], "<image>");
  tokenizer["added_tokens"].erase(1);
  tokenizer["model"]["vocab"].erase("<image>");
  save_llama(place("language"), whole.model->language_model, tokenizer, whole.generation, torch::kFloat32);
  train({{"task", "clip"},
         {"steps", 2},
         {"batch_size", 4},
         {"data", "world:size=32,captions=exact,count=100"},
         {"validation_data", ""},
         {"threads", 1},
         {"model",
          {{"vision_config", write_config(whole.model->config().vision_config)},
           {"text_config", {{"hidden_size", 16}, {"intermediate_size", 16}, {"num_hidden_layers", 1}, {"num_attention_heads", 2}}},
           {"projection_dim", 8}}}},
        "tower");
  json parts = recipe({{"learns", {"projector"}},
                       {"learning_rate", 0},
                       {"vision_tower", (place("tower") / "model").string()},
                       {"language_model", place("language").string()}});
  parts.erase("model");
  train(parts, "together");
  const LlavaCheckpoint together = load_llava(place("together") / "model", {.dtype = torch::kFloat32});
  const Tensor rows = together.model->language_model->model->embed_tokens->weight;
  const Tensor before = whole.model->language_model->model->embed_tokens->weight;
  ASSERT_EQ(rows.size(0), before.size(0) + 1);
  testing::expect_close("known words", before, rows.narrow(0, 0, before.size(0)), 2e-3);
  testing::expect_close("the new word", before.mean(0), rows[before.size(0)], 2e-3);
  EXPECT_EQ(together.model->config().image_token_index, before.size(0));
  const TensorFile tower = weights("tower"), made = weights("together");
  EXPECT_TRUE(
      std::ranges::equal(tower.find("vision_model.encoder.layers.0.mlp.fc1.weight")->bytes, made.find(tower_weight)->bytes));
}

TEST_F(LlavaTrainingTest, ABlindOneLearnsTheTextsAlone) {
  train(from_whole({{"blind", true}}), "blind");
  EXPECT_TRUE(same("blind", tower_weight) && same("blind", projector_weight));
  EXPECT_FALSE(same("blind", language_weight));
}

TEST_F(LlavaTrainingTest, AdaptersAreMergedOrKeptApart) {
  const json adapters = {{"rank", 2},
                         {"alpha", 8},
                         {"targets", {"language_model.model.layers.*.mlp.*"}},
                         {"modules_to_save", {"multi_modal_projector"}}};
  train(from_whole({{"lora", adapters}}), "merged");
  EXPECT_TRUE(same("merged", tower_weight));
  EXPECT_FALSE(same("merged", projector_weight) || same("merged", language_weight));
  EXPECT_TRUE(same("merged", "language_model.model.layers.0.self_attn.q_proj.weight"));

  json apart = adapters;
  apart["save"] = "adapter";
  train(from_whole({{"lora", apart}}), "apart", false, 3);
  train(from_whole({{"lora", apart}}), "apart", true);
  EXPECT_FALSE(fs::exists(place("apart") / "model/config.json"));
  merge_model(place("apart") / "model", place("put_back"), (place("whole") / "model").string());
  const TensorFile merged = weights("merged"), put_back = read_weights(place("put_back"));
  for (const char* name : {projector_weight, language_weight})
    testing::expect_close(name, to_tensor(*merged.find(name)).to(torch::kFloat32),
                          to_tensor(*put_back.find(name)).to(torch::kFloat32), 2e-3);
  json of_parts = recipe({{"lora", apart}});
  of_parts["lora"]["base"] = "nothing";
  of_parts["vision_tower"] = "somewhere";
  EXPECT_THROW(train(of_parts, "of_parts"), std::invalid_argument);
}

// Dialogues without pictures beside others, too long ones, and a batch of which nothing is learned.
TEST_F(LlavaTrainingTest, FilesOfDialoguesWithAndWithoutPictures) {
  json list = json::array();
  fs::create_directories(place("data"));
  write_image(place("data") / "a.png", Image(40, 20));
  const std::string long_text(400, 'x');
  for (int i = 0; i < 12; ++i) {
    const std::string text = i % 4 == 3 ? long_text : "Is it?";
    json record = {{"id", i}, {"conversations", {{{"from", "human"}, {"value", text}}, {{"from", "gpt"}, {"value", "No."}}}}};
    if (i % 2 == 0) {
      record["image"] = "a.png";
      record["conversations"][0]["value"] = text + "\n<image>";
    }
    list.push_back(record);
  }
  write_file(place("data") / "instruct.json", dump_json(list));
  const TrainingOutcome outcome =
      train(from_whole(
                {{"data", "llava:" + place("data").string()}, {"split", ""}, {"batch_size", 2}, {"max_tokens", 120}, {"group", 3}}),
            "files");
  EXPECT_EQ(outcome.step, 6);
  EXPECT_NE(outcome.data_faults.find("no answer begins within max_tokens"), std::string::npos) << outcome.data_faults;
}

TEST_F(LlavaTrainingTest, AnyResolutionLearnsItsNewLine) {
  json next = recipe({{"steps", 2}, {"learns", {"projector"}}, {"max_tokens", 600}, {"validation_data", ""}});
  next["model"].update({{"model_type", "llava_next"}, {"image_grid_pinpoints", {{32U, 64U}, {64U, 32U}}}});
  next["data"] = "world:size=48,count=4,objects=1,kinds=caption";
  train(next, "next");
  json more = next;
  more.erase("model");
  more["initial_weights"] = {(place("next") / "model").string()};
  train(more, "more");
  const TensorFile before = weights("next"), after = weights("more");
  EXPECT_FALSE(std::ranges::equal(before.find("image_newline")->bytes, after.find("image_newline")->bytes));
  EXPECT_TRUE(std::ranges::equal(before.find(language_weight)->bytes, after.find(language_weight)->bytes));
}

TEST_F(LlavaTrainingTest, ATemplateHasToTalk) {
  const auto refused = [](const std::string& chat_template) {
    return invalid_argument_of([&] { train(from_whole({{"chat_template", chat_template}}), "refused"); });
  };
  EXPECT_NE(refused("{% for m in messages %}{{ m.content }}</s>{% endfor %}").find("chat_template"), std::string::npos);
  EXPECT_NE(refused("{% for m in messages %}<image>{{ m.content[-1].text }}{% endfor %}").find("chat_template"), std::string::npos);
  EXPECT_NE(refused("{% for m in messages %}{% if loop.first %}<image>{% endif %}{{ m.content[-1].text }}{% endfor %}")
                .find("ends generation"),
            std::string::npos);
}

// Those of the program are looked at before hours are spent on their stages, of which none is there.
TEST(LlavaRecipes, AreCheckedBeforeTheirStages) {
  for (const char* name : {"llava-nano-tower", "llava-nano-language", "llava-nano-projector", "llava-nano", "llava-nano-long"}) {
    const json recipe = read_recipe(find_recipe(name));
    EXPECT_NO_THROW(check_recipe(recipe, name)) << name;
  }
  std::vector<std::string> stages;
  for (const fs::path& stage : missing_stages(read_recipe(find_recipe("llava-nano-projector")))) stages.push_back(stage.stem());
  EXPECT_EQ(stages, (std::vector<std::string>{"llava-nano-tower", "llava-nano-language"}));
  json wrong = read_recipe(find_recipe("llava-nano"));
  wrong["learns"] = {"nothing"};
  EXPECT_THROW(check_recipe(wrong, "wrong"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
