// The Q-Former of LAVIS (tools/parity/qformer_masks.py): converted from the authors' names, its three masks against their code.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "omma/models/blip2/matcher.h"
#include "omma/models/blip2/speaker.h"
#include "omma/models/registry.h"
#include "omma/models/tensor_set.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

constexpr double lavis_tolerance = 1e-4;
constexpr int64_t channels = 56, patch = 8, side = 24;

// EVA's names, random; three blocks, of which the last is not used.
TensorFile eva() {
  torch::manual_seed(3);
  TensorSet tensors;
  const auto random = [&](const std::string& name, std::vector<int64_t> sizes) { tensors.set(name, 0.2 * torch::randn(sizes)); };
  random("cls_token", {1, 1, channels});
  random("pos_embed", {1, 1 + (side / patch) * (side / patch), channels});
  random("patch_embed.proj.weight", {channels, 3, patch, patch});
  random("patch_embed.proj.bias", {channels});
  for (const std::string block : {"blocks.0.", "blocks.1.", "blocks.2."}) {
    for (const char* norm : {"norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"}) random(block + norm, {channels});
    random(block + "attn.qkv.weight", {3 * channels, channels});
    random(block + "attn.q_bias", {channels});
    random(block + "attn.v_bias", {channels});
    random(block + "attn.proj.weight", {channels, channels});
    random(block + "attn.proj.bias", {channels});
    random(block + "mlp.fc1.weight", {64, channels});
    random(block + "mlp.fc1.bias", {64});
    random(block + "mlp.fc2.weight", {channels, 64});
    random(block + "mlp.fc2.bias", {channels});
  }
  random("norm.weight", {channels});
  random("head.weight", {7, channels});
  return tensors.file();
}

class LavisQFormer : public ::testing::Test {
 protected:
  void SetUp() override {
    write_safetensors(scratch_ / "eva.safetensors", eva().tensors());
    std::filesystem::copy_file(recorded_ / "blip2_pretrained.pth", scratch_ / "blip2.pth");
    std::filesystem::copy_file(recorded_ / "vocab.txt", scratch_ / "vocab.txt");
    write_file(scratch_ / "sizes.json",
               R"({"vision_config": {"num_attention_heads": 7}, "qformer_config": {"num_attention_heads": 4}})");
  }

  void convert(const std::filesystem::path& from, const std::string& base = "") {
    convert_model(from, scratch_ / "made", scratch_ / "sizes.json", base, scratch_ / "eva.safetensors");
  }

  // Its normalised picture features: the test's own come before ln_vision.
  Tensor features(Blip2ModelImpl& model) {
    const auto norm = model.vision_model->named_parameters();
    return torch::layer_norm(expected_.at("features"), {channels}, norm["post_layernorm.weight"], norm["post_layernorm.bias"],
                             1e-5);
  }

  testing::TemporaryDirectory scratch_;
  std::filesystem::path recorded_ = testing::parity_directory("qformer_masks");
  std::map<std::string, Tensor> expected_ = testing::read_expected(recorded_ / "reference.safetensors");
};

TEST_F(LavisQFormer, ThreeMasks) {
  const c10::InferenceMode inference;
  convert(scratch_ / "blip2.pth");
  Blip2Checkpoint checkpoint = load_blip2(scratch_ / "made");
  Blip2Retrieval& model = checkpoint.model;
  const Tensor pictures = features(*model), ids = expected_.at("input_ids"), mask = expected_.at("mask") == 1;
  testing::expect_close("query_states", expected_.at("query_states"), model->ask_pictures(pictures), lavis_tolerance);
  testing::expect_close("query_embeds", expected_.at("query_embeds"), model->embed_pictures(pictures), lavis_tolerance);
  testing::expect_close("text_embeds", expected_.at("text_embeds"), model->embed_texts(ids, mask), lavis_tolerance);

  // The head of the third loss, which model directories have no place for.
  const TensorFile original = read_torch_archive(scratch_ / "blip2.pth");
  const auto weight = [&](const std::string& name) { return to_tensor(*original.find("model.Qformer." + name)); };
  const auto head = [&](const Tensor& states) {
    const Tensor inner = torch::gelu(
        torch::linear(states, weight("cls.predictions.transform.dense.weight"), weight("cls.predictions.transform.dense.bias")));
    const Tensor normal = torch::layer_norm(inner, {inner.size(-1)}, weight("cls.predictions.transform.LayerNorm.weight"),
                                            weight("cls.predictions.transform.LayerNorm.bias"), 1e-12);
    return torch::linear(normal, weight("bert.embeddings.word_embeddings.weight"), weight("cls.predictions.bias"));
  };
  const Tensor real = mask.unsqueeze(-1);
  for (int64_t p = 0; p < pictures.size(0); ++p) {
    const QFormerPicture picture = model->qformer->look_at(pictures.narrow(0, p, 1));
    testing::expect_close("itm", expected_.at("itm")[p], model->match_logits(picture, ids, mask), lavis_tolerance);
    const Tensor logits = head(model->caption_states(picture, expected_.at("decoder_ids"), mask));
    testing::expect_close("itg", expected_.at("itg_logits")[p] * real, logits * real, 3e-4);
  }
}

// No tolerance softens them.
TEST_F(LavisQFormer, NothingIsSeenThatShouldNotBe) {
  const c10::InferenceMode inference;
  convert(scratch_ / "blip2.pth");
  Blip2Checkpoint checkpoint = load_blip2(scratch_ / "made");
  Blip2Retrieval& model = checkpoint.model;
  const QFormerPicture picture = model->qformer->look_at(features(*model).narrow(0, 0, 1));
  const Tensor ids = expected_.at("decoder_ids").narrow(0, 3, 1).narrow(1, 0, 12);
  const Tensor before = model->caption_states(picture, ids, {});
  Tensor changed = ids.clone();
  changed.select(1, 7).add_(1);
  const Tensor after = model->caption_states(picture, changed, {});
  EXPECT_TRUE(after.narrow(1, 0, 7).equal(before.narrow(1, 0, 7)));
  EXPECT_FALSE(after.select(1, 7).equal(before.select(1, 7)));
  EXPECT_FALSE(after.select(1, 11).equal(before.select(1, 11)));
  EXPECT_FALSE(model->match_logits(picture, changed, {}).equal(model->match_logits(picture, ids, {})));
}

TEST_F(LavisQFormer, TheSecondStageGetsItsLanguageModel) {
  const c10::InferenceMode inference;
  TensorSet tensors;
  const TensorFile original = read_torch_archive(scratch_ / "blip2.pth");
  for (const TensorView& view : original.tensors()) {
    const std::string name = view.name.substr(view.name.find('.') + 1);
    const bool is_text = name.find(".embeddings.word") != std::string::npos ||
                         name.find(".embeddings.position") != std::string::npos || name.find(".output.") != std::string::npos ||
                         name.find(".intermediate.") != std::string::npos;
    if (name.starts_with("Qformer.cls.") || (is_text && name.find("attention") == std::string::npos)) continue;
    if (name.starts_with("vision_proj") || name.starts_with("text_proj") || name.starts_with("itm_head")) continue;
    tensors.set("model." + name, to_tensor(view));
  }
  tensors.set("model.opt_proj.weight", 0.1 * torch::randn({40, 48}));
  tensors.set("model.opt_proj.bias", torch::randn({40}));
  write_safetensors(scratch_ / "second.safetensors", tensors.file().tensors());
  const auto base = testing::parity_directory("language_models") / "opt";
  convert(scratch_ / "second.safetensors", base.string());

  Blip2Speaker speaker(load_blip2_language(scratch_ / "made"));
  Blip2Language model = speaker.checkpoint().model;
  testing::expect_close("query_states", expected_.at("query_states"), model->ask_pictures(features(*model)), lavis_tolerance);
  const LanguageCheckpoint language = load_language(base);
  const Tensor words = torch::arange(3, 9).unsqueeze(0);
  EXPECT_TRUE(model->language().embed_ids(words).equal(language.language.network->embed_ids(words)));
  // Captions end at a new line, whatever the language model alone ends at.
  const auto newline = language.tokenizer.encode("\n", {.add_special_tokens = false}).ids;
  EXPECT_EQ(speaker.checkpoint().generation.end_tokens(), std::vector<int64_t>(newline.begin(), newline.begin() + 1));
  const Image picture(50, 40);
  EXPECT_EQ(load_captioner(scratch_ / "made")->caption({&picture, 1}).size(), 1U);
}

TEST_F(LavisQFormer, ClipIsAnEncoderToo) {
  const c10::InferenceMode inference;
  convert_model(scratch_ / "blip2.pth", scratch_ / "made", scratch_ / "sizes.json", "", recorded_ / "clip_vit_L.pth");
  Blip2Checkpoint checkpoint = load_blip2(scratch_ / "made");
  Blip2Retrieval& model = checkpoint.model;
  const auto norm = model->vision_model->named_parameters();
  const Tensor normal = torch::layer_norm(expected_.at("clip_features"), {channels}, norm["post_layernorm.weight"],
                                          norm["post_layernorm.bias"], 1e-5);
  testing::expect_close("clip", normal, model->vision_model(expected_.at("clip_pixels")), lavis_tolerance);
}

TEST_F(LavisQFormer, WhatIsMissingIsNamed) {
  const auto from = scratch_ / "blip2.pth";
  EXPECT_NE(testing::invalid_argument_of([&] { convert_model(from, scratch_ / "made"); }).find("--vision"), std::string::npos);
  TensorSet tensors;
  tensors.add(read_torch_archive(from));
  tensors.set("model.t5_proj.weight", torch::zeros({40, 48}));
  write_safetensors(scratch_ / "second.safetensors", tensors.file().tensors());
  EXPECT_NE(testing::invalid_argument_of([&] { convert(scratch_ / "second.safetensors"); }).find("--base"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "made"));
}

// Each block's bias is of queries and values, none of keys; the last block is left out.
TEST_F(LavisQFormer, EvaBecomesTheEncoder) {
  convert(scratch_ / "blip2.pth");
  const TensorFile made = read_weights(scratch_ / "made"), from = read_safetensors(scratch_ / "eva.safetensors");
  EXPECT_EQ(made.find("vision_model.encoder.layers.2.layer_norm1.weight"), nullptr);
  const Tensor bias = to_tensor(*made.find("vision_model.encoder.layers.1.self_attn.qkv.bias"));
  const Tensor q = to_tensor(*from.find("blocks.1.attn.q_bias")), v = to_tensor(*from.find("blocks.1.attn.v_bias"));
  EXPECT_TRUE(bias.equal(torch::cat({q, torch::zeros_like(q), v})));
}

}  // namespace
}  // namespace omma
