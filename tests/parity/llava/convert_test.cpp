// The authors' checkpoints (tools/parity/llava_original.py): whole, projectors, LoRA and deltas become what transformers' classes
// are with the same weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/registry.h"
#include "omma/nn/chat_generation.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

// A config with what transformers writes out where it is the default.
json told(LlavaConfig config) {
  config.text_config.head_dim = config.text_config.head_channels();
  config.text_config.num_key_value_heads = config.text_config.key_value_heads();
  return write_llava_config(config);
}

fs::path original_directory(const std::string& name) { return testing::parity_directory("llava_original") / name; }

// The authors' directory of a case; as omma converts it, into `made`.
fs::path convert_case(const std::string& name, const fs::path& made) {
  const fs::path directory = original_directory(name);
  fs::path original;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_directory() && entry.path().filename() != "expected") original = entry.path();
  ::setenv("HF_HUB_CACHE", fs::absolute(directory / "../hub").c_str(), 1);
  convert_model(original, made, {}, name == "delta" ? "tiny/llama" : "");
  ::unsetenv("HF_HUB_CACHE");
  return original;
}

class LlavaConvert : public ::testing::TestWithParam<std::string> {
 protected:
  LlavaConvert()
      : directory_(original_directory(GetParam())),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        original_(convert_case(GetParam(), made_ / "model")) {}

  fs::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  testing::TemporaryDirectory made_;
  fs::path original_;
};

TEST_P(LlavaConvert, ConfigAndWeights) {
  const fs::path reference = directory_ / "expected";
  const LlavaConfig config = read_llava_config(read_json(reference / "config.json"), reference.string());
  const json file = read_json(made_ / "model/config.json");
  EXPECT_EQ(told(read_llava_config(file, "made")), told(config));
  EXPECT_EQ(file["torch_dtype"], record_["dtype"]);
  const Llava expected = load_model<Llava>(config, read_weights(reference), llava_keys(config), reference.string());
  const LlavaCheckpoint made = load_llava(made_ / "model");
  const auto weights = made.model->named_parameters();
  for (const auto& weight : expected->named_parameters())
    testing::expect_close(weight.key(), weight.value(), weights[weight.key()], GetParam() == "lora" ? 1e-6 : 0);
  EXPECT_EQ(made.generation.max_length, fs::exists(original_ / "generation_config.json") ? 99 : 77);  // else the base's
}

TEST_P(LlavaConvert, TokensFeaturesAndLogits) {
  const c10::InferenceMode inference;
  LlavaCheckpoint made = load_llava(made_ / "model");
  const int64_t place = made.model->config().image_token_index;
  for (std::size_t i = 0; i < record_["prompts"].size(); ++i) {
    const json& prompt = record_["prompts"][i];
    const std::string number = std::to_string(i);
    Tensor features;
    int64_t tokens = 1;
    for (const json& picture : prompt["pictures"]) {
      const Image image = read_image(directory_ / ("picture" + picture.dump() + ".png"));
      features = made.model->embed_picture(made.processor(image));
      testing::expect_close("features" + number, expected_.at("features" + number), features, 1e-4);
      tokens = made.processor.tokens_of({.width = image.width, .height = image.height});
    }
    std::vector<int64_t> ids;
    for (const std::int32_t id : made.tokenizer.encode(prompt["text"].get<std::string>()).ids)
      ids.insert(ids.end(), static_cast<std::size_t>(id == place ? tokens : 1), id);
    ASSERT_TRUE(expected_.at("ids" + number)[0].equal(torch::tensor(ids, torch::kLong))) << prompt["text"];
    LlamaForCausalLM& language = made.model->language_model;
    const Tensor hidden = language->model(
        CausalInput{.embeddings = made.model->embed(torch::tensor(ids, torch::kLong).unsqueeze(0), features), .padding = {}});
    testing::expect_close("logits" + number, expected_.at("logits" + number), language->logits(hidden), 1e-4);
  }
}

TEST_P(LlavaConvert, PromptsAreTheAuthors) {
  const json& chat = record_["chats"][0];
  const ordered_json content = {{{"type", "image"}}, {{"type", "text"}, {"text", chat["turns"][0][1].get<std::string>()}}};
  const ordered_json messages = ordered_json::array({{{"role", "user"}, {"content", content}}});
  const MarkedText text = find_chat_template(made_ / "model", "").render(messages, {.add_generation_prompt = true});
  EXPECT_EQ(text.text, chat["prompt"].get<std::string>());
}

const std::vector<std::string> original_cases = {"v15", "v1", "v16_vicuna", "v16_mistral", "projector", "lora", "delta"};

INSTANTIATE_TEST_SUITE_P(Original, LlavaConvert, ::testing::ValuesIn(original_cases), [](const auto& test) { return test.param; });

TEST(LlavaConverted, TransformersLoadsIt) {
  const testing::TemporaryDirectory made;
  std::vector<fs::path> pairs;
  for (const std::string& name : original_cases) {
    convert_case(name, made / name);
    pairs.insert(pairs.end(), {made / name, original_directory(name)});
  }
  EXPECT_TRUE(testing::compares_equal("check_llava.py", pairs));
}

}  // namespace
}  // namespace omma
