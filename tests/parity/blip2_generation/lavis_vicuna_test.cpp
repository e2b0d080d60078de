// InstructBLIP with Vicuna by LAVIS's names: converted, it is what transformers' directory is.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/blip2/speaker.h"
#include "omma/models/registry.h"
#include "omma/models/tensor_set.h"
#include "tests/parity/recorded_options.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class LavisVicuna : public ::testing::Test {
 protected:
  // `rows` of the embeddings, some without a token.
  void write_original(int64_t rows) {
    const TensorFile weights = read_weights(recorded_);
    TensorSet original, language;
    KeyTable names;
    const std::string from = "qformer.encoder.layer.*.", to = "Qformer.bert.encoder.layer.*.";
    names.rules = {{from + "attention.attention.**", {to + "attention.self.**"}},
                   {from + "crossattention.attention.**", {to + "crossattention.self.**"}},
                   {from + "**", {to + "**"}},
                   {"qformer.embeddings.layernorm.*", {"Qformer.bert.embeddings.LayerNorm.*"}},
                   {"qformer.embeddings.*.weight", {"Qformer.bert.embeddings.*.weight"}},
                   {"vision_model.post_layernorm.*", {"ln_vision.*"}},
                   {"language_projection.*", {"llm_proj.*"}}};
    names.ignored = {"vision_model.embeddings.**", "vision_model.encoder.**", "language_model.**"};
    original.add(weights, names);
    for (const TensorView& view : weights.tensors())
      if (view.name.starts_with("language_model.")) {
        const std::string name = view.name.substr(std::string_view("language_model.").size());
        const Tensor weight = to_tensor(view);
        const bool is_words = name == "lm_head.weight" || name == "model.embed_tokens.weight";
        language.set(name, is_words ? weight.narrow(0, 0, rows) : weight);
      }
    write_safetensors(scratch_ / "instruct.safetensors", original.file().tensors());
    std::filesystem::copy_file(recorded_ / "qformer_tokenizer" / "tokenizer.json", scratch_ / "tokenizer.json");
    write_base(language, rows);
  }

  // Vicuna as it is alone: <s> before a text, and none of InstructBLIP's tokens.
  void write_base(const TensorSet& weights, int64_t rows) {
    std::filesystem::create_directories(base_);
    write_safetensors(base_ / "model.safetensors", weights.file().tensors());
    json config = read_json(recorded_ / "config.json")["text_config"];
    config["vocab_size"] = rows;
    write_file(base_ / "config.json", config.dump());
    json tokenizer = read_json(recorded_ / "tokenizer.json");
    json added = json::array();
    for (const json& token : tokenizer["added_tokens"])
      if (token["id"] < words) added.push_back(token);
    tokenizer["added_tokens"] = added;
    tokenizer["post_processor"] = json::parse(R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}})");
    write_file(base_ / "tokenizer.json", tokenizer.dump());
  }

  void convert() {
    write_file(scratch_ / "sizes.json", R"({"qformer_config": {"num_attention_heads": 4}})");
    convert_model(scratch_ / "instruct.safetensors", scratch_ / "made", scratch_ / "sizes.json", base_.string(), recorded_);
  }

  static constexpr int64_t words = 310, all_rows = 320;  // [PAD] and <image> come behind the words
  testing::TemporaryDirectory scratch_;
  std::filesystem::path recorded_ = testing::parity_directory("blip2_generation") / "instruct_vicuna", base_ = scratch_ / "vicuna";
};

TEST_F(LavisVicuna, AnswersAsTransformersDirectoryDoes) {
  write_original(all_rows);
  convert();
  Blip2Speaker speaker(load_blip2_language(scratch_ / "made"));
  const json record = read_json(recorded_ / "reference.json");
  std::vector<Image> images;
  for (const char* name : {"picture0.png", "picture1.png"}) images.push_back(read_image(recorded_ / name));
  const Tensor features = speaker.look_at(images);
  for (const json& prompt : record["prompts"]) {
    const Blip2Speaker::Prompt asked{.picture = prompt["picture"].get<int64_t>(), .text = prompt["text"].get<std::string>()};
    for (const json& run : prompt["runs"])
      EXPECT_EQ(speaker.write(features, {&asked, 1}, testing::options_of(run["options"])).front().text, run["text"]) << run;
  }
  EXPECT_TRUE(testing::compares_equal("check_blip2_generation.py", {scratch_ / "made", recorded_}));
}

TEST_F(LavisVicuna, NewTokensGetRows) {
  write_original(words);
  convert();
  const TensorFile made = read_weights(scratch_ / "made");
  for (const char* name : {"language_model.model.embed_tokens.weight", "language_model.lm_head.weight"}) {
    const Tensor weight = to_tensor(*made.find(name));
    ASSERT_EQ(weight.size(0), words + 2);
    EXPECT_TRUE(weight[words + 1].equal(weight[0]));
  }
  EXPECT_EQ(Tokenizer::from_directory(scratch_ / "made").token_to_id("<image>"), words + 1);
}

TEST_F(LavisVicuna, AnotherLanguageModelIsRefused) {
  write_original(words);
  json config = read_json(base_ / "config.json");
  config["model_type"] = "opt";
  write_file(base_ / "config.json", config.dump());
  const std::string refusal = testing::invalid_argument_of([&] { convert(); });
  EXPECT_NE(refusal.find("expected \"llama\""), std::string::npos) << refusal;
}

}  // namespace
}  // namespace omma
