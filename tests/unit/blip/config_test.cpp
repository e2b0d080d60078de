#include "omma/models/blip/config.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"
#include "tests/unit/blip/small_blip.h"

namespace omma {
namespace {

TEST(BlipConfig, WritesWhatItReads) {
  BlipConfig config = testing::small_blip_config("BlipForImageTextRetrieval");
  config.swap_first_token = true;
  const json written = write_blip_config(config);
  EXPECT_EQ(written["model_type"], "blip");
  EXPECT_EQ(written["text_config"]["encoder_hidden_size"], config.vision_config.hidden_size);
  EXPECT_EQ(write_blip_config(read_blip_config(written, "config.json")), written);
}

TEST(BlipConfig, EveryFaultIsNamed) {
  json config = write_blip_config(testing::small_blip_config("BlipForConditionalGeneration"));
  config["architectures"] = {"BlipModel"};
  config["vision_config"]["num_attention_heads"] = 5;  // 24 is no multiple
  const std::string fault = testing::invalid_argument_of([&] { read_blip_config(config, "config.json"); });
  EXPECT_NE(fault.find("vision_config.hidden_size"), std::string::npos) << fault;
  config["vision_config"]["num_attention_heads"] = 3;
  const std::string other = testing::invalid_argument_of([&] { read_blip_config(config, "config.json"); });
  EXPECT_NE(other.find("BlipModel"), std::string::npos) << other;
  EXPECT_NE(other.find("BlipForQuestionAnswering"), std::string::npos) << other;
}

// Numbers that would divide by zero or ask for all memory.
TEST(BlipConfig, NumbersOutOfRangeAreRefused) {
  const json config = write_blip_config(testing::small_blip_config("BlipForConditionalGeneration"));
  const auto refused = [&](const char* part, const char* field, const json& value) {
    json changed = config;
    changed[part][field] = value;
    return testing::invalid_argument_of([&] { read_blip_config(changed, "config.json"); }).find(field) != std::string::npos;
  };
  EXPECT_TRUE(refused("vision_config", "hidden_size", 0));
  EXPECT_TRUE(refused("vision_config", "num_attention_heads", 0));
  EXPECT_TRUE(refused("vision_config", "patch_size", 0));
  EXPECT_TRUE(refused("vision_config", "patch_size", 64));  // larger than the picture
  EXPECT_TRUE(refused("vision_config", "num_hidden_layers", 1'000'000));
  EXPECT_TRUE(refused("text_config", "vocab_size", 1LL << 31));
  EXPECT_TRUE(refused("text_config", "bos_token_id", 60));  // outside the vocabulary
  EXPECT_TRUE(refused("text_config", "sep_token_id", -1));
  EXPECT_TRUE(refused("text_config", "hidden_act", "swish"));
  EXPECT_TRUE(refused("text_config", "layer_norm_eps", "nan"));
  EXPECT_TRUE(refused("text_config", "is_decoder", false));
}

}  // namespace
}  // namespace omma
