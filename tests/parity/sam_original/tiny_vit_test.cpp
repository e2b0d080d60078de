// TinyViT against MobileSAM's own module (tools/parity/sam_original.py): every stage, the embedding, all gradients, fp32 within
// 1e-4.
#include "omma/models/sam/tiny_vit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/models/sam/tiny_vit_keys.h"
#include "omma/nn/weights.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma::sam {
namespace {
namespace fs = std::filesystem;

using Expected = std::map<std::string, Tensor>;

// As a whole model holds it, so that key tables for whole models apply.
struct Holder : torch::nn::Module {
  explicit Holder(const TinyVitConfig& config) : encoder(register_module("vision_encoder", TinyVit(config))) {}
  TinyVit encoder;
};

KeyTable authors_keys() {
  KeyTable table;
  add_tiny_vit_keys(table);
  return table;
}

class TinyVitParity : public ::testing::TestWithParam<const char*> {
 protected:
  fs::path directory() const { return testing::parity_directory("sam_original") / "tiny_vit" / GetParam(); }
  TinyVitConfig config() const { return read_config<TinyVitConfig>(read_json(directory() / "config.json"), "config.json"); }
  Expected expected() const { return testing::read_expected(directory() / "expected.safetensors"); }
  TinyVit load(torch::Dtype dtype = torch::kFloat32) const {
    return load_model<TinyVit>(config(), read_weights(directory()), {}, "model.safetensors", {.dtype = dtype});
  }
};

// To the scale of the values: gradients of sums over a whole map are large.
void expect_near(const std::string& name, const Tensor& expected, const Tensor& got) {
  testing::expect_close(name, expected, got, 1e-4 * std::max(1.0, expected.abs().max().item<double>()));
}

// The names of what was recorded begin with `prefix`.
void compare_stages(TinyVit& model, const Expected& expected, const std::string& prefix) {
  const std::vector<Tensor> maps = model->stage_maps(expected.at("input.pixels"));
  for (std::size_t i = 0; i < maps.size(); ++i)
    expect_near(fmt::format("{}stage.{}", prefix, i), expected.at(fmt::format("{}stage.{}", prefix, i)), maps[i]);
  EXPECT_FALSE(expected.contains(fmt::format("{}stage.{}", prefix, maps.size())));
}

// The embedding, and the gradient of every parameter.
void compare_gradients(TinyVit& model, const Expected& expected, const std::string& prefix) {
  const Tensor embedding = model->forward(expected.at("input.pixels"));
  expect_near(prefix + "embedding", expected.at(prefix + "embedding"), embedding);
  (embedding * expected.at(prefix + "embedding.weight")).sum().backward();
  std::size_t compared = 0;
  for (const auto& parameter : model->named_parameters()) {
    if (prefix.empty() && parameter.key().ends_with("attention_biases")) continue;  // constants of theirs in evaluation
    const auto found = expected.find(prefix + "gradient." + parameter.key());
    ASSERT_NE(found, expected.end()) << parameter.key();
    ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
    expect_near(found->first, found->second, parameter.value().grad());
    ++compared;
  }
  const auto recorded =
      std::ranges::count_if(expected, [&](const auto& each) { return each.first.starts_with(prefix + "gradient."); });
  EXPECT_EQ(compared, static_cast<std::size_t>(recorded));
}

TEST_P(TinyVitParity, EveryStageTheEmbeddingAndGradients) {
  TinyVit model = load();
  compare_stages(model, expected(), "");
  compare_gradients(model, expected(), "");
}

TEST_P(TinyVitParity, Training) {
  TinyVit stages = load(), model = load();
  stages->train();
  compare_stages(stages, expected(), "train.");
  model->train();
  compare_gradients(model, expected(), "train.");
  for (const auto& buffer : model->named_buffers()) {  // the running statistics after one step
    if (buffer.key().ends_with("num_batches_tracked")) continue;
    expect_near(buffer.key(), expected().at("train." + buffer.key()), buffer.value());
  }
}

TEST_P(TinyVitParity, Bfloat16) {
  const c10::InferenceMode no_gradients;
  TinyVit model = load(torch::kBFloat16);
  const Tensor wanted = expected().at("embedding");
  const Tensor got = model->forward(expected().at("input.pixels").to(torch::kBFloat16)).to(torch::kFloat32);
  EXPECT_LE((got - wanted).norm().item<double>() / wanted.norm().item<double>(), 0.05);
}

TEST_P(TinyVitParity, AuthorsFile) {
  const TensorFile authors = read_torch_archive(directory() / "authors.pt");
  ASSERT_TRUE(has_tiny_vit(authors));
  Holder theirs(config());
  load_weights(theirs, authors, authors_keys(), "authors.pt");
  TinyVit ours = load();
  const auto parameters = ours->named_parameters(), buffers = ours->named_buffers();
  for (const auto& parameter : theirs.encoder->named_parameters())
    EXPECT_TRUE(torch::equal(parameter.value(), parameters[parameter.key()])) << parameter.key();
  for (const auto& buffer : theirs.encoder->named_buffers())
    EXPECT_TRUE(torch::equal(buffer.value(), buffers[buffer.key()])) << buffer.key();
}

// All that the shapes tell; the strides are the authors' unless given.
TEST_P(TinyVitParity, ConfigFromTheAuthorsShapes) {
  const TinyVitConfig given = config(), found = tiny_vit_config_of(read_torch_archive(directory() / "authors.pt"));
  TinyVitConfig expected = given;
  expected.image_size = found.image_size;
  expected.downsample_strides = found.downsample_strides;
  expected.num_heads[0] = found.num_heads[0];  // the first stage has none
  expected.window_sizes[0] = found.window_sizes[0];
  expected.mlp_ratio = found.mlp_ratio;  // rounded to whole channels: the shapes below decide
  expected.mbconv_expand_ratio = found.mbconv_expand_ratio;
  if (given.stages() == 1) expected.local_conv_size = found.local_conv_size;
  EXPECT_EQ(write_config(found), write_config(expected));
  TinyVit model(found);
  load_weights(*model, read_weights(directory()), {}, "model.safetensors");
}

TEST_P(TinyVitParity, SavedWeightsAreTheFilesOwn) {
  const testing::TemporaryDirectory folder;
  save_weights(folder / "model.safetensors", *load());
  const TensorFile ours = read_safetensors(folder / "model.safetensors"), theirs = read_weights(directory());
  ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
  for (const TensorView& view : ours.tensors()) {
    const TensorView* found = theirs.find(view.name);
    ASSERT_NE(found, nullptr) << view.name;
    EXPECT_EQ(view.dtype, found->dtype) << view.name;
    EXPECT_TRUE(std::ranges::equal(view.bytes, found->bytes)) << view.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TinyVitParity,
                         ::testing::Values("mobile_sam", "wide_picture", "window_is_map", "every_stage_halves",
                                           "four_pixels_a_token", "convolutions_alone"),
                         [](const auto& test) { return std::string(test.param); });

TEST(TinyVitPublished, HasMobileSamsTensors) {
  const TensorFile file = read_safetensors(testing::parity_directory("sam_original") / "mobile_sam_published.safetensors");
  const TinyVitConfig config = tiny_vit_config_of(file);
  EXPECT_EQ(write_config(config), write_config(TinyVitConfig()));
  KeyTable table = authors_keys();
  for (const char* rest : {"prompt_encoder.**", "mask_decoder.**"}) table.ignored.emplace_back(rest);
  Holder model(config);
  load_weights(model, file, table, "mobile_sam.pt");
  int64_t count = 0;
  for (const Tensor& parameter : model.parameters()) count += parameter.numel();
  EXPECT_NEAR(static_cast<double>(count) / 1e6, 6., 0.3);
}

TEST(TinyVit, AnyPictureSize) {
  TinyVit model(
      TinyVitConfig{.embed_dims = {4, 6, 8, 10}, .depths = {1, 1, 1, 1}, .num_heads = {1, 1, 2, 1}, .output_channels = 5});
  model->eval();
  const c10::InferenceMode no_gradients;
  EXPECT_EQ(shape(model->forward(torch::randn({2, 3, 33, 50}))), "[2, 5, 3, 4]");
  EXPECT_EQ(shape(model->forward(torch::randn({1, 3, 1, 1}))), "[1, 5, 1, 1]");
  EXPECT_THROW(model->forward(torch::randn({1, 4, 32, 32})), std::invalid_argument);
}

// A training from nothing starts with identities in the first stage; stochastic depth makes two passes differ.
TEST(TinyVit, InitialisationAndStochasticDepth) {
  TinyVitConfig config{
      .embed_dims = {4, 6}, .depths = {1, 2}, .num_heads = {1, 2}, .window_sizes = {7, 3}, .downsample_strides = {2}};
  config.drop_path_rate = 0.5;
  TinyVit model(config);
  model->init_weights();
  const auto parameters = model->named_parameters();
  EXPECT_EQ(parameters["stages.0.blocks.0.conv3.normalization.weight"].abs().max().item<float>(), 0);
  EXPECT_NEAR(parameters["stages.1.blocks.0.mlp.lin1.weight"].std().item<double>(), config.initializer_range, 0.005);
  model->train();
  const Tensor pixels = torch::randn({8, 3, 32, 32});
  EXPECT_FALSE(torch::equal(model->forward(pixels), model->forward(pixels)));
}

TEST(TinyVit, RefusesAConfigByField) {
  const auto message_of = [](const json& object) {
    return testing::invalid_argument_of([&] { read_config<TinyVitConfig>(object, "config.json"); });
  };
  const std::string message = message_of({{"depths", {2, 2}}, {"local_conv_size", 4}, {"num_heads", {1, 3, 4, 5}}});
  for (const char* fault :
       {"embed_dims: expected 2 values for 2 stages, got 4", "downsample_strides: expected 1 values",
        "num_heads[1]: expected a divisor of 128 channels, got 3", "local_conv_size: expected an odd number, got 4"})
    EXPECT_NE(message.find(fault), std::string::npos) << fault << " in " << message;
  EXPECT_NE(message_of({{"depths", json::array()}}).find("expected 1 to 8 stages, got 0"), std::string::npos);
}

TEST(TinyVitKeys, RefuseAFileWithoutTheEncoder) {
  const std::string message = testing::invalid_argument_of([] { tiny_vit_config_of(TensorFile()); });
  EXPECT_NE(message.find("patch_embed.seq.2.c.weight"), std::string::npos) << message;
}

}  // namespace
}  // namespace omma::sam
