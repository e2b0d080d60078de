#include "omma/models/glip/authors_config.h"

#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/yaml.h"
#include "omma/models/glip/processor.h"
#include "tests/temporary_directory.h"

namespace omma::glip {
namespace {

class GlipAuthorsConfig : public ::testing::Test {
 protected:
  AuthorsSettings read(const std::string& yaml) {
    write_file(directory_ / "glip.yaml", yaml);
    return with_authors_settings({.config = {}, .processor = default_processor()}, read_yaml(directory_ / "glip.yaml"),
                                 "glip.yaml");
  }
  std::string refusal(const std::string& yaml) {
    return testing::invalid_argument_of([&] { read(yaml); });
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(GlipAuthorsConfig, WhatConcernsTesting) {
  const AuthorsSettings settings = read(R"(
MODEL:
  RPN_ARCHITECTURE: "VLDYHEAD"
  LANGUAGE_BACKBONE:
    MODEL_TYPE: "bert-base-uncased" # "roberta-base", "clip"
    MAX_QUERY_LEN: 200
  RPN:
    ANCHOR_SIZES: (32, 64, 128, 256, 512)
    ASPECT_RATIOS: (1.0,)
  ATSS:
    INFERENCE_TH: 0.1
    PRE_NMS_TOP_N: 500
    NMS_TH: 0.5
    DETECTIONS_PER_IMG: 300
  DYHEAD:
    NUM_CONVS: 6
    FUSE_CONFIG:
      EARLY_FUSE_ON: True
SOLVER:
  BASE_LR: 0.0001
INPUT:
  PIXEL_MEAN: [ 1.0, 2, 3.5 ]
  MIN_SIZE_TEST: 640
DATALOADER:
  SIZE_DIVISIBILITY: 64
)");
  const Config& config = settings.config;
  EXPECT_EQ(config.max_text_len, 200);
  EXPECT_EQ(config.anchor_sizes, (std::vector<int64_t>{32, 64, 128, 256, 512}));
  EXPECT_EQ(config.score_threshold, 0.1);
  EXPECT_EQ(config.pre_nms_top_n, 500);
  EXPECT_EQ(config.nms_threshold, 0.5);
  EXPECT_EQ(config.detections_per_image, 300);
  EXPECT_EQ(config.size_divisor, 64);
  EXPECT_EQ(settings.processor.image_mean, (std::vector{3.5, 2.0, 1.0}));  // theirs is of blue, green, red
  EXPECT_EQ(settings.processor.image_std, default_processor().image_std);
  EXPECT_EQ(settings.processor.shortest_edge, 640);
  EXPECT_EQ(settings.processor.longest_edge, 1333);
}

TEST_F(GlipAuthorsConfig, NothingChangesNothing) { EXPECT_EQ(write_config(read("DATASETS: {}").config), write_config(Config())); }

TEST_F(GlipAuthorsConfig, AllFaultsAreNamed) {
  const std::string error = refusal(R"(
MODEL:
  BACKBONE: {CONV_BODY: "R-50-FPN-RETINANET"}
  SWINT:
    DEPTHS: (2, 2, 18, 2)
  DYHEAD: {SCORE_AGG: "MAX", FUSE_CONFIG: {EARLY_FUSE_ON: False}}
  ATSS: {NMS_TH: often}
)");
  EXPECT_TRUE(error.starts_with("glip.yaml: ")) << error;
  for (const char* fault : {"MODEL.BACKBONE.CONV_BODY: expected SWINT-FPN-RETINANET", "MODEL.DYHEAD.SCORE_AGG: expected MEAN",
                            "MODEL.SWINT.DEPTHS: the checkpoint's tensors say 2, 2, 6, 2, the file 2, 2, 18, 2",
                            "MODEL.DYHEAD.FUSE_CONFIG.EARLY_FUSE_ON: expected True", "MODEL.ATSS.NMS_TH: expected numbers"})
    EXPECT_NE(error.find(fault), std::string::npos) << fault << " in " << error;
}

TEST_F(GlipAuthorsConfig, NumbersOutOfRange) {
  EXPECT_NE(refusal("MODEL: {ATSS: {NMS_TH: 7}}").find("nms_threshold"), std::string::npos);
  EXPECT_NE(refusal("MODEL: {RPN: {ANCHOR_SIZES: [64, 128]}}").find("anchor_sizes"), std::string::npos);
  EXPECT_NE(refusal("INPUT: {MIN_SIZE_TEST: 1e99}").find("INPUT.MIN_SIZE_TEST"), std::string::npos);
  EXPECT_NE(refusal("MODEL: {ATSS: {PRE_NMS_TOP_N: 0.5}}").find("MODEL.ATSS.PRE_NMS_TOP_N: expected a whole number"),
            std::string::npos);
  EXPECT_NE(refusal("INPUT: {MIN_SIZE_TEST: 0}").find("shortest_edge"), std::string::npos);
  EXPECT_NE(refusal("INPUT: {PIXEL_MEAN: [1, 2]}").find("image_mean"), std::string::npos);
  EXPECT_NE(refusal("[1, 2]").find("expected the settings"), std::string::npos);
}

}  // namespace
}  // namespace omma::glip
