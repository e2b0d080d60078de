// What the converter of the authors' checkpoints refuses, and in which words.
#include "omma/models/llava/convert.h"

#include <gtest/gtest.h>

#include "omma/models/registry.h"
#include "tests/temporary_directory.h"
#include "tests/unit/llava/original_llava.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

class ConvertLlava : public ::testing::Test {
 protected:
  ConvertLlava() { ::setenv("HF_HUB_CACHE", (directory_ / "hub").c_str(), 1); }
  ~ConvertLlava() override { ::unsetenv("HF_HUB_CACHE"); }

  fs::path original(const json& changes = json::object(), const std::function<void(TensorSet&)>& edit = nullptr) {
    return testing::write_original_llava(directory_.path(), model_, changes, edit);
  }
  // A base LLaMA's directory.
  fs::path language_model() {
    const fs::path base = directory_ / "base";
    fs::create_directories(base);
    json config = write_config(model_->config().text_config);
    config["model_type"] = "llama";
    write_file(base / "config.json", dump_json(config));
    write_file(base / "tokenizer.json", dump_json(testing::small_llava_tokenizer()));
    testing::write_tensors(base / "model.safetensors", testing::original_language_model(model_));
    return base;
  }
  // The refusal; nothing may be left behind.
  std::string refused(const fs::path& from, const std::string& base = "") {
    std::string message = testing::invalid_argument_of([&] { convert_model(from, directory_ / "out", {}, base); });
    EXPECT_FALSE(fs::exists(directory_ / "out"));
    return message;
  }
  static void expect_in(const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* part : parts) EXPECT_NE(message.find(part), std::string::npos) << "\"" << part << "\" in: " << message;
  }

  testing::TemporaryDirectory directory_;
  Llava model_ = testing::small_llava().model;
};

TEST_F(ConvertLlava, TheResultIsTheModel) {
  convert_model(original(), directory_ / "out");
  const LlavaCheckpoint made = load_llava(directory_ / "out");
  EXPECT_EQ(made.processor.aspect(), ImageAspect::pad);
  EXPECT_EQ(made.model->config().image_token_index, testing::llava_image_token);  // the tokenizer has one
  EXPECT_EQ(made.model->config().text_config.vocab_size, 192);
  const auto weights = made.model->named_parameters();
  for (const auto& weight : model_->named_parameters()) {
    const Tensor same = weights[weight.key()].narrow(0, 0, weight.value().size(0));
    EXPECT_TRUE(same.equal(weight.value())) << weight.key();
  }
  const Tensor& words = weights["language_model.model.embed_tokens.weight"];
  EXPECT_TRUE(words[191].allclose(words.narrow(0, 0, 132).mean(0)));
}

// v0 talks without a token that ends an answer.
TEST_F(ConvertLlava, TheFirstVersionStopsAtItsSeparator) {
  const auto linear = [&](TensorSet& tensors) {
    tensors = testing::original_language_model(model_);
    tensors.set("model.mm_projector.weight", model_->multi_modal_projector->linear_1->weight.detach());
    tensors.set("model.mm_projector.bias", model_->multi_modal_projector->linear_1->bias.detach());
  };
  convert_model(original({{"mm_projector_type", "linear"}, {"_name_or_path", "llava-7b-v0"}}, linear), directory_ / "v0");
  EXPECT_EQ(read_generation_config(directory_ / "v0").stop_strings, "###");
  convert_model(original({{"mm_projector_type", "linear"}, {"_name_or_path", "llava-7b-v1"}}, linear), directory_ / "v1");
  EXPECT_EQ(read_generation_config(directory_ / "v1").stop_strings, nullptr);
}

TEST_F(ConvertLlava, AbsentPartsAreNamedWithWhatFetchesThem) {
  expect_in(refused(original({{"mm_vision_tower", "nobody/clip"}})), {"mm_vision_tower", "hf download nobody/clip"});
  expect_in(refused(original({{"mm_vision_tower", "/data/clip-vit-large-patch14-336"}})),
            {"hf download openai/clip-vit-large-patch14-336"});
  const fs::path from = original({{"_name_or_path", "nobody/vicuna"}});
  fs::remove(from / "tokenizer.json");
  expect_in(refused(from), {"tokenizer.model", "hf download nobody/vicuna tokenizer.model"});
}

TEST_F(ConvertLlava, AProjectorNeedsItsBase) {
  const auto projector = [&](const char* base) {
    const fs::path from = original({{"_name_or_path", base}});
    fs::remove(from / "tokenizer.json");
    TensorSet tensors;
    testing::add_original_projector(tensors, model_);
    fs::remove(from / "model.safetensors");
    testing::write_tensors(from / "mm_projector.safetensors", tensors);
    return from / "mm_projector.safetensors";
  };
  expect_in(refused(projector("nobody/vicuna")), {"its base", "hf download nobody/vicuna", "--base"});
  expect_in(refused(projector("")), {"names no base", "--base"});
  convert_model(projector("nobody/vicuna"), directory_ / "made", {}, language_model());
  const LlavaCheckpoint made = load_llava(directory_ / "made");
  EXPECT_TRUE(made.model->multi_modal_projector->linear_2->weight.equal(model_->multi_modal_projector->linear_2->weight));
  EXPECT_TRUE(made.model->language_model->model->norm->weight.equal(model_->language_model->model->norm->weight));
}

TEST_F(ConvertLlava, ConfigsThatNoModelOfTransformersIs) {
  expect_in(
      refused(
          original({{"mm_projector_type", "mlp3x_gelu"}, {"mm_vision_select_feature", "slice"}, {"image_aspect_ratio", "any"}})),
      {"mm_projector_type: expected linear or mlp2x_gelu", "got \"mlp3x_gelu\"", "mm_vision_select_feature", "image_aspect_ratio"});
  expect_in(refused(original({{"image_aspect_ratio", "anyres"}})), {"mm_patch_merge_type", "image_grid_pinpoints"});
  expect_in(refused(original({{"model_type", "llava_mpt"}})), {"model_type", "got \"llava_mpt\""});
  expect_in(refused(original({{"architectures", {"LlavaQwenForCausalLM"}}})), {"architectures", "got \"LlavaQwenForCausalLM\""});
  expect_in(refused(original({{"mm_use_im_start_end", true}, {"vocab_size", 131}},
                             [](TensorSet& tensors) {
                               const Tensor rows = torch::ones({131, 24});
                               tensors.set("model.embed_tokens.weight", rows);
                               tensors.set("lm_head.weight", rows);
                             })),
            {"mm_use_im_start_end: expected a row of <im_start>"});
  const fs::path from = original();
  write_file(directory_ / "tower/config.json", R"({"model_type": "siglip_vision_model"})");
  expect_in(refused(from), {"expected CLIP's", "siglip_vision_model"});
}

TEST_F(ConvertLlava, AllThatIsWrongWithTheTensorsIsTold) {
  const auto edit = [](TensorSet& tensors) {
    TensorSet others;
    const TensorFile all = tensors.file();
    for (const TensorView& view : all.tensors())
      if (view.name != "model.layers.1.mlp.up_proj.weight") others.set(view.name, to_tensor(view));
    others.set("model.mm_projector.0.weight", torch::zeros({24, 15}));
    others.set("model.mm_projector.4.weight", torch::zeros({24, 24}));
    others.set("lm_head.weight", torch::zeros({131, 24}));
    tensors = others;
  };
  expect_in(
      refused(original(json::object(), edit)),
      {"missing tensor \"language_model.model.layers.1.mlp.up_proj.weight\"", "\"model.mm_projector.0.weight\": expected [24, 16]",
       "unexpected tensor \"model.mm_projector.4.weight\"", "\"lm_head.weight\": expected [132, 24], got [131, 24]"});
  // An MLP's weights where the config says linear: its second layer is not dropped in silence.
  expect_in(refused(original({{"mm_projector_type", "linear"}})),
            {"unexpected tensor \"model.mm_projector.2.weight\"", "missing tensor \"multi_modal_projector.linear_1.weight\""});
}

TEST_F(ConvertLlava, AConfigAloneFillsNoMemory) {
  expect_in(refused(original({{"mm_projector_type", "linear"}, {"hidden_size", 65536}, {"num_attention_heads", 64}})),
            {"missing tensor \"multi_modal_projector.linear_2.weight\" [65536, 65536]", "expected [132, 65536], got [132, 24]"});
  expect_in(refused(original({{"vocab_size", 16'000'000}})), {"expected [16000000, 24], got [132, 24]"});
  expect_in(refused(original({{"hidden_size", 0}})), {"hidden_size"});
}

// Differences are not converted as a model, nor a model added to a base.
TEST_F(ConvertLlava, DeltasAndModelsAreTold) {
  const fs::path base = language_model();
  expect_in(refused(original(), base.string()), {"expected a delta, an adapter or a projector, got a whole model"});
  const auto differences = [&](TensorSet& tensors) {
    const TensorFile all = testing::original_language_model(model_).file();
    for (const TensorView& view : all.tensors()) tensors.set(view.name, torch::zeros_like(to_tensor(view)));
  };
  const fs::path delta = original(json::object(), differences);
  expect_in(refused(delta), {"a delta", "--base", "hf download"});
  convert_model(delta, directory_ / "made", {}, base);
  EXPECT_TRUE(load_llava(directory_ / "made")
                  .model->language_model->model->norm->weight.equal(model_->language_model->model->norm->weight));

  const auto misfit = [&](TensorSet& tensors) {
    differences(tensors);
    tensors.set("model.layers.0.mlp.up_proj.weight", torch::zeros({7, 24}));
    tensors.set("model.layers.7.mlp.up_proj.weight", torch::zeros({7, 24}));
  };
  expect_in(refused(original(json::object(), misfit), base.string()),
            {"\"model.layers.0.mlp.up_proj.weight\" [7, 24] is no difference to the base's [32, 24]",
             "\"model.layers.7.mlp.up_proj.weight\": the base has none"});
}

TEST_F(ConvertLlava, AnAdapterWithoutItsProjector) {
  const fs::path base = language_model(), from = original();
  fs::remove(from / "model.safetensors");
  expect_in(refused(from), {"expected weights, adapter_config.json or mm_projector.bin"});
  write_file(from / "adapter_config.json", R"({"peft_type": "LORA", "r": 2, "base_model_name_or_path": "nobody/vicuna"})");
  TensorSet adapter;
  const std::string layer = "base_model.model.model.layers.0.mlp.up_proj.";
  adapter.set(layer + "lora_A.weight", torch::ones({2, 24}));
  adapter.set(layer + "lora_B.weight", torch::ones({32, 2}));
  testing::write_tensors(from / "adapter_model.safetensors", adapter);
  expect_in(refused(from), {"hf download nobody/vicuna"});
  expect_in(refused(from, base.string()), {"expected non_lora_trainables.bin, which holds the projector"});
}

TEST_F(ConvertLlava, MixedUpDirectories) {
  const fs::path from = original();
  expect_in(testing::invalid_argument_of([&] { load_chat_model(from); }), {"authors", "omma convert --from"});
  convert_model(from, directory_ / "made");
  expect_in(refused(directory_ / "made"), {"a model directory already"});
  fs::create_directories(directory_ / "alone");
  fs::copy_file(from / "model.safetensors", directory_ / "alone/model.safetensors");
  expect_in(refused(directory_ / "alone/model.safetensors"), {"expected its config.json beside it", "--config"});
  // Of other models a base is none.
  fs::create_directories(directory_ / "blip");
  write_file(directory_ / "blip/config.json", R"({"model_type": "blip"})");
  expect_in(refused(directory_ / "blip"), {"expected model.safetensors"});
  expect_in(refused(directory_ / "blip", "some/base"), {"--base"});
}

}  // namespace
}  // namespace omma
