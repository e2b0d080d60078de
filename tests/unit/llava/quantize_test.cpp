// Language models with weights of 8-bit numbers, alone and within a LLaVA.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/models/llama/checkpoint.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/quantization.h"
#include "omma/models/registry.h"
#include "tests/temporary_directory.h"
#include "tests/unit/llava/small_llava.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::invalid_argument_of;

const NextPicture no_pictures = [] { return std::nullopt; };

class LanguageQuantization : public ::testing::Test {
 protected:
  void SetUp() override {
    const LlavaCheckpoint made = testing::small_llava();
    save_llava(directory_ / "llava", made,
               {.tokenizer = testing::small_llava_tokenizer(), .tokenizer_config = json::object(), .chat_template = ""},
               torch::kFloat32);
    save_llama(directory_ / "llama", made.model->language_model, testing::small_llava_tokenizer(), made.generation,
               torch::kFloat32);
  }

  Tensor logits_of(const std::string& name, torch::Dtype dtype) {
    const c10::InferenceMode inference;
    LlamaForCausalLM model = load_llama(directory_ / name, {.dtype = dtype});
    return model->forward(torch::arange(40, 52).unsqueeze(0)).to(torch::kFloat32);
  }

  testing::TemporaryDirectory directory_;
};

double gap(const Tensor& expected, const Tensor& got) { return ((got - expected).norm() / expected.norm()).item<double>(); }

TEST_F(LanguageQuantization, ADirectoryThatStandsAloneAndSpeaksAlike) {
  const Quantized told = quantize_model(directory_ / "llama", directory_ / "int8", no_pictures);
  EXPECT_GT(told.relative_error, 1e-4);
  EXPECT_LT(told.relative_error, .01);
  const Tensor expected = logits_of("llama", torch::kFloat32);
  fs::remove_all(directory_ / "llama");
  EXPECT_LT(gap(expected, logits_of("int8", torch::kFloat32)), .03);
  EXPECT_LT(gap(expected, logits_of("int8", torch::kBFloat16)), .05);

  const TensorFile weights = read_weights(directory_ / "int8");
  EXPECT_EQ(weights.find("model.layers.1.mlp.down_proj.weight")->dtype, DType::i8);
  EXPECT_EQ(weights.find("model.layers.1.mlp.down_proj.weight_scale")->dtype, DType::f32);
  EXPECT_EQ(weights.find("model.embed_tokens.weight")->dtype, DType::f32);
  EXPECT_EQ(weights.find("lm_head.weight")->dtype, DType::f32);
  LlamaForCausalLM model = load_llama(directory_ / "int8", {.dtype = torch::kBFloat16});
  for (const auto& buffer : model->named_buffers())
    EXPECT_EQ(buffer.value().scalar_type(), buffer.key().ends_with("scale") ? torch::kFloat32 : torch::kInt8) << buffer.key();
}

// A step passes the kernel that reads whole numbers, a prompt does not: the same sums.
TEST_F(LanguageQuantization, AStepEqualsAPrompt) {
  const c10::InferenceMode inference;
  quantize_model(directory_ / "llama", directory_ / "int8", no_pictures);
  LlamaForCausalLM model = load_llama(directory_ / "int8", {.dtype = torch::kFloat32});
  const Tensor tokens = torch::arange(40, 60).unsqueeze(0);
  const Tensor whole = model->forward(tokens);
  KeyValueCache cache = model->make_cache(1, 20);
  for (int64_t i = 0; i < 20; ++i) {
    const Tensor step = model->forward(tokens.narrow(1, i, 1), &cache);
    EXPECT_LT(gap(whole.select(1, i), step.select(1, 0)), 1e-4) << i;
  }
}

TEST_F(LanguageQuantization, WithinALlavaTheLanguageModelAlone) {
  quantize_model(directory_ / "llava", directory_ / "int8", no_pictures);
  const TensorFile weights = read_weights(directory_ / "int8");
  EXPECT_EQ(weights.find("language_model.model.layers.0.self_attn.q_proj.weight")->dtype, DType::i8);
  EXPECT_EQ(weights.find("multi_modal_projector.linear_1.weight")->dtype, DType::f32);
  EXPECT_EQ(weights.find("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight")->dtype, DType::f32);
  const LlavaCheckpoint loaded = load_llava(directory_ / "int8", {.dtype = torch::kFloat32});
  EXPECT_TRUE(loaded.model->config().text_config.int8);
  EXPECT_NO_THROW(expect_task(directory_ / "int8", "chat"));
  // What it was saved as is what it is: once more, and as transformers' newer names.
  save_llava(directory_ / "again", loaded,
             {.tokenizer = testing::small_llava_tokenizer(), .tokenizer_config = json::object(), .chat_template = ""},
             torch::kFloat32);
  EXPECT_TRUE(load_llava(directory_ / "again", {.dtype = torch::kFloat32}).model->config().text_config.int8);
}

TEST_F(LanguageQuantization, IsRefusedTwiceAndForAnotherScheme) {
  quantize_model(directory_ / "llama", directory_ / "int8", no_pictures);
  EXPECT_NE(invalid_argument_of([&] { quantize_model(directory_ / "int8", directory_ / "twice", no_pictures); }).find("already"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(directory_ / "twice"));
  json config = read_json(directory_ / "int8/config.json");
  config["quantization_config"]["config_groups"]["group_0"]["weights"]["num_bits"] = 4;
  write_file(directory_ / "int8/config.json", dump_json(config));
  EXPECT_NE(invalid_argument_of([&] { load_llama(directory_ / "int8"); }).find("num_bits"), std::string::npos);
}

}  // namespace
}  // namespace omma
