// The authors' names against transformers': one model in both namings gives the same.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/models/blip/checkpoint.h"
#include "omma/models/registry.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

class BlipConvert : public ::testing::TestWithParam<const char*> {};

TEST_P(BlipConvert, WeightsAreTheSame) {
  const fs::path from = testing::parity_directory("blip");
  const testing::TemporaryDirectory directory;
  const fs::path to = directory / "model";
  convert_model(from / "original" / (std::string(GetParam()) + ".pth"), to, from / GetParam() / "config.json");
  const BlipCheckpoint expected = load_blip(from / GetParam()), got = load_blip(to);
  const auto parameters = got.model->named_parameters();
  for (const auto& parameter : expected.model->named_parameters())
    EXPECT_TRUE(parameter.value().equal(parameters[parameter.key()])) << parameter.key();
}

// Without a config: the sizes are read off the tensors; the heads are the published sizes' 64 channels each.
TEST_P(BlipConvert, SizesAreReadOffTheTensors) {
  const fs::path from = testing::parity_directory("blip");
  const testing::TemporaryDirectory directory;
  fs::copy(from / "original" / (std::string(GetParam()) + ".pth"), directory / "model.pth");
  fs::copy(from / GetParam() / "tokenizer.json", directory / "tokenizer.json");
  convert_model(directory / "model.pth", directory / "model");
  const BlipConfig expected = load_blip(from / GetParam()).model->config();
  const BlipConfig got = load_blip(directory / "model").model->config();
  EXPECT_EQ(got.architectures, expected.architectures);
  EXPECT_EQ(got.vision_config.image_size, expected.vision_config.image_size);
  EXPECT_EQ(got.vision_config.num_hidden_layers, expected.vision_config.num_hidden_layers);
  EXPECT_EQ(got.text_config.bos_token_id, expected.text_config.bos_token_id);
  EXPECT_EQ(got.swap_first_token, std::string(GetParam()) != "caption");
}

INSTANTIATE_TEST_SUITE_P(Cases, BlipConvert, ::testing::Values("caption", "match", "answer"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace omma
