// The module against the authors' (tools/parity/glip.py), fp32, random weights: every named intermediate and output within 1e-4.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/glip/convert.h"
#include "omma/models/glip/glip.h"
#include "omma/models/glip/key_table.h"
#include "omma/models/glip/processor.h"
#include "omma/nn/weights.h"
#include "tests/parity/glip/converted.h"

namespace omma::glip {
namespace {

using testing::expect_close;

class GlipParity : public ::testing::TestWithParam<const char*> {
 protected:
  GlipParity()
      : model_(GetParam()),
        expected_(testing::read_expected(model_.recorded / "reference.safetensors")),
        record_(read_json(model_.recorded / "reference.json")) {}

  Model load() const {
    const auto config = read_model_config(read_json(model_.directory() / "config.json"), "config.json");
    return load_model<Model>(config, read_weights(model_.directory()), {}, "model.safetensors");
  }

  Converted model_;
  std::map<std::string, Tensor> expected_;
  json record_;
};

// BGR, size, rounding, mean and padding, from the picture file on.
TEST_P(GlipParity, PixelsOfPictures) {
  const Processor processor(ImageProcessor::from_directory(model_.directory(), default_processor()).config(), 32);
  for (int64_t i = 0; i < record_["pictures"].get<int64_t>(); ++i) {
    const Image image = read_image(model_.recorded / (fmt::format("picture{}.png", i)));
    expect_close("pixels", expected_.at("pixels")[i], processor(image), 1e-4);
    const Size size = processor.filled_size({.width = image.width, .height = image.height});
    EXPECT_EQ(json({size.width, size.height}), record_["sizes"][static_cast<std::size_t>(i)]);
  }
}

TEST_P(GlipParity, EveryIntermediateAndOutput) {
  torch::NoGradGuard no_grad;
  Model model = load();
  std::set<std::string> compared = {"pixels"};
  const auto compare = [&](const std::string& name, const Tensor& value) {
    compared.insert(name);
    expect_close(name, expected_.at(name), value, 1e-4);
  };
  const auto maps = model->encode_image(expected_.at("pixels"),
                                        [&](std::string_view name, const Tensor& value) { compare(std::string(name), value); });
  for (const std::string prompt : {"names.", "caption."}) {
    const Tensor ids = expected_.at(prompt + "ids").unsqueeze(0).expand({maps[0].size(0), -1});
    const auto outputs = model->forward(maps, model->encode_text(ids), [&](std::string_view name, const Tensor& value) {
      compare(prompt + std::string(name), value);
    });
    for (std::size_t level = 0; level < outputs.size(); ++level) {
      const std::string end = fmt::format(".{}", level);
      compare(prompt + "logits" + end, outputs[level].logits);
      compare(prompt + "regression" + end, outputs[level].regression);
      compare(prompt + "centerness" + end, outputs[level].centerness);
    }
  }
  for (const auto& [name, value] : expected_) {
    const bool of_the_detector = name.find("ids") != name.npos || name.find("boxes") != name.npos ||
                                 name.find("scores") != name.npos || name.find("labels") != name.npos;
    EXPECT_TRUE(of_the_detector || compared.contains(name)) << name << " was not compared";
  }
}

// The authors' YAML and what their tensors tell make the same directory, but for what only the YAML knows.
TEST_P(GlipParity, TensorsTellTheConfig) {
  const TensorFile file = read_torch_archive(model_.recorded / "glip.pth");
  const Config told = config_of(file, original_prefix(file).value(), "glip.pth");
  Config config = read_model_config(read_json(model_.directory() / "config.json"), "config.json");
  config.score_threshold = told.score_threshold;
  config.pre_nms_top_n = told.pre_nms_top_n;
  config.nms_threshold = told.nms_threshold;
  config.detections_per_image = told.detections_per_image;
  config.max_text_len = told.max_text_len;
  EXPECT_EQ(write_config(told), write_config(config));
}

INSTANTIATE_TEST_SUITE_P(Cases, GlipParity, ::testing::Values("fused", "unfused", "batch"),
                         [](const auto& test) { return std::string(test.param); });

struct PublishedSizes {
  const char* name;
  int64_t width, last_depth, layers, window;
  bool fusion;
  double millions;
};

class GlipPublished : public ::testing::TestWithParam<PublishedSizes> {};

// Every tensor of the published files, by name and shape: what their sizes are, and strict loading.
TEST_P(GlipPublished, ConvertsByItsTensorsAlone) {
  const PublishedSizes& sizes = GetParam();
  const TensorFile file =
      read_safetensors(testing::parity_directory("glip") / "published" / fmt::format("{}.safetensors", sizes.name));
  const auto prefix = original_prefix(file);
  ASSERT_EQ(prefix, "module.");
  const Config config = config_of(file, *prefix, sizes.name);
  EXPECT_EQ(config.backbone_config.embed_dim, sizes.width);
  EXPECT_EQ(config.backbone_config.depths[2], sizes.last_depth);
  EXPECT_EQ(config.backbone_config.window_size, sizes.window);
  EXPECT_EQ(config.backbone_config.num_heads[0] * 32, sizes.width);
  EXPECT_EQ(config.backbone_config.mlp_ratio, 4);
  EXPECT_EQ(config.head_layers, sizes.layers);
  EXPECT_EQ(config.fusion, sizes.fusion);
  EXPECT_EQ(config.fusion_inner_dim, 2048);
  EXPECT_EQ(config.text_config.num_attention_heads, 12);
  EXPECT_EQ(config.anchor_sizes, (std::vector<int64_t>{64, 128, 256, 512, 1024}));
  EXPECT_EQ(config.max_text_len, 256);
  const WeightOptions mapped{.device = torch::kCPU, .dtype = torch::kHalf, .for_decoding = false};  // reads nothing
  const auto model = load_model<Model>(config, file, original_keys(config, *prefix), sizes.name, mapped);
  double count = 0;
  for (const Tensor& parameter : model->parameters()) count += static_cast<double>(parameter.numel());
  EXPECT_NEAR(count / 1e6, sizes.millions, .05 * sizes.millions);
}

INSTANTIATE_TEST_SUITE_P(Files, GlipPublished,
                         ::testing::Values(PublishedSizes{"glip_a_tiny_o365", 96, 6, 6, 7, false, 152},
                                           PublishedSizes{"glip_tiny_model_o365_goldg", 96, 6, 6, 7, true, 232},
                                           PublishedSizes{"glip_large_model", 192, 18, 8, 12, true, 430}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace omma::glip
