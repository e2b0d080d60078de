// Hostile configurations are refused with field, expected and found.
#include "omma/models/grounding_dino/config.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma::grounding_dino {
namespace {

std::string error_of(const std::string& text) {
  return testing::invalid_argument_of([&] { read_model_config(parse_json(text, "test"), "config.json"); });
}

TEST(GroundingDinoConfig, DefaultsAreSwinTAndBertBase) {
  const Config config = read_model_config(parse_json("{}", "test"), "config.json");
  EXPECT_EQ(config.d_model, 256);
  EXPECT_EQ(config.backbone_config.channels(4), 768);
  EXPECT_EQ(config.text_config.hidden_size, 768);
  EXPECT_FALSE(config.scaled_logits());
}

TEST(GroundingDinoConfig, HostileValuesAreRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"d_model": 0})", "d_model"},
      {R"({"d_model": 100})", "d_model: expected a multiple of 32, got 100"},
      {R"({"encoder_attention_heads": 0})", "encoder_attention_heads"},
      {R"({"decoder_attention_heads": 7})", "d_model: expected a multiple of 7 decoder_attention_heads, got 256"},
      {R"({"encoder_layers": 1000000})", "encoder_layers"},
      {R"({"num_queries": -1})", "num_queries"},
      {R"({"num_feature_levels": 2})", "num_feature_levels: expected at least the backbone's 3 maps, got 2"},
      {R"({"layer_norm_eps": "NaN"})", "layer_norm_eps: expected a finite number"},
      {R"({"text_config": {"vocab_size": 2147483648}})", "text_config.vocab_size"},
      {R"({"text_config": {"num_attention_heads": 5}})", "text_config.hidden_size: expected a multiple of 5 heads, got 768"},
      {R"({"backbone_config": {"patch_size": 0}})", "backbone_config.patch_size"},
      {R"({"backbone_config": {"depths": []}})", "backbone_config.depths"},
      {R"({"backbone_config": {"num_heads": [3, 6, 12, 0]}})", "backbone_config.num_heads[3]"},
      {R"({"position_embedding_type": "learned"})", "position_embedding_type: expected \"sine\", got \"learned\""},
      {R"({"model_type": "detr"})", "model_type: expected \"grounding-dino\" or \"mm-grounding-dino\", got \"detr\""},
      {R"({"box_threshold": 1.5})", "box_threshold"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string error = error_of(text);
    EXPECT_TRUE(error.starts_with("config.json: ")) << text << " gave: " << error;
    EXPECT_NE(error.find(expected), std::string::npos) << text << " gave: " << error;
  }
}

TEST(GroundingDinoConfig, ForeignBackbonesAreRefusedByName) {
  EXPECT_NE(error_of(R"({"use_timm_backbone": true})").find("use_timm_backbone: expected a Swin backbone"), std::string::npos);
  EXPECT_NE(error_of(R"({"backbone": "resnet50"})").find("got \"resnet50\""), std::string::npos);
  EXPECT_NE(error_of(R"({"backbone_config": {"model_type": "resnet"}})").find("backbone_config.model_type: expected \"swin\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"text_config": {"model_type": "roberta"}})").find("text_config.model_type: expected \"bert\""),
            std::string::npos);
  EXPECT_EQ(error_of(R"({"use_timm_backbone": false, "use_pretrained_backbone": false, "backbone": null})"), "");
}

TEST(GroundingDinoConfig, NamedOutputsOfOlderFiles) {
  const auto read = [](const char* text) { return read_model_config(parse_json(text, "test"), "config.json"); };
  EXPECT_EQ(read(R"({"backbone_config": {"out_features": ["stage1", "stage4"]}})").backbone_config.out_indices,
            (std::vector<int64_t>{1, 4}));
  EXPECT_NE(error_of(R"({"backbone_config": {"out_features": ["stem"]}})").find("out_indices[0]: expected an integer"),
            std::string::npos);
}

TEST(GroundingDinoConfig, WrittenAndReadAgain) {
  Config config;
  config.model_type = "mm-grounding-dino";
  config.num_queries = 30;
  config.backbone_config.depths = {2, 2, 4, 2};
  config.phrase_threshold = 0.4;
  const json written = write_model_config(config);
  EXPECT_EQ(written["architectures"][0], "MMGroundingDinoForObjectDetection");
  EXPECT_FALSE(written.contains("fusion"));
  EXPECT_TRUE(written["positional_embedding_temperature"].is_number_integer());  // transformers 5 refuses 20.0
  EXPECT_EQ(write_model_config(read_model_config(written, "config.json")), written);
}

}  // namespace
}  // namespace omma::grounding_dino
