// The post-processing, by hand.
#include "omma/models/glip/boxes.h"

#include <gtest/gtest.h>

#include <cmath>

namespace omma::glip {
namespace {

// A picture of 60 x 40 pixels in 64 x 64: levels of 64, 16, 4, 1 and 1 places, where nothing is found unless a test says so.
class GlipBoxes : public ::testing::Test {
 protected:
  GlipBoxes() {
    for (const int64_t places : {64, 16, 4, 1, 1})
      outputs_.push_back({.logits = torch::full({places, 6}, -20.F),
                          .regression = torch::zeros({places, 4}),
                          .centerness = torch::full({places}, 20.F)});  // 1
    config_.anchor_sizes = {8, 16, 32, 64, 128};
  }

  static float logit(double probability) { return static_cast<float>(std::log(probability / (1 - probability))); }
  void put(std::size_t level, int64_t place, int64_t token, double probability) {
    outputs_[level].logits[place][token] = logit(probability);
  }
  std::vector<FoundBox> find(Aggregate aggregate = Aggregate::mean) const {
    return find_boxes(outputs_, names_, aggregate, config_, {64, 64}, {60, 40});
  }

  Config config_;
  std::vector<LevelOutput> outputs_;
  std::vector<std::pair<int64_t, int64_t>> names_ = {{1, 3}, {4, 5}};
};

TEST_F(GlipBoxes, APlaceIsTheSquareAroundItsCell) {
  put(1, 5, 4, 0.64);  // row 1, column 1 of cells of 16 pixels
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, 1U);
  EXPECT_EQ(found[0].box, (Box{16, 16, 32, 32}));
  EXPECT_NEAR(found[0].score, 0.8, 1e-6);  // the root
}

TEST_F(GlipBoxes, RegressionMovesByTenthsAndGrowsByFifths) {
  put(0, 18, 4, 0.5);  // row 2, column 2: 16 to 24
  outputs_[0].regression[18] = torch::tensor({5.F, -2.5F, 5 * std::log(2.F), 0.F});
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].box.x0, 20 + 4 - 8, 1e-5);
  EXPECT_NEAR(found[0].box.x1, 20 + 4 + 8, 1e-5);
  EXPECT_NEAR(found[0].box.y0, 20 - 2 - 4, 1e-5);
  EXPECT_NEAR(found[0].box.y1, 20 - 2 + 4, 1e-5);
}

TEST_F(GlipBoxes, AreClippedToThePictureAndKeepAPixel) {
  put(4, 0, 4, 0.5);   // 128 pixels around 64
  put(0, 63, 1, 0.9);  // in the padding: 56 to 64
  put(0, 63, 2, 0.9);
  const auto found = find();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].box, (Box{56, 39, 60, 40}));
  EXPECT_EQ(found[1].box, (Box{0, 0, 60, 40}));
}

TEST_F(GlipBoxes, ANameCountsByTheMeanOfItsTokensWithoutTheCenterness) {
  put(0, 0, 1, 0.11);   // mean .055
  put(0, 20, 1, 0.09);  // mean .045
  outputs_[0].centerness[0] = logit(0.2);
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].score, std::sqrt(0.055 * 0.2), 1e-4);
  EXPECT_EQ(find(Aggregate::largest).size(), 2U);
}

TEST_F(GlipBoxes, OverlapsGiveWayWithinANameAlone) {
  put(0, 9, 4, 0.5);
  put(0, 10, 4, 0.7);
  outputs_[0].regression[9] = torch::tensor({8.F, 0.F, 0.F, 0.F});  // 6.4 to the right: 1.6 pixels beside the other
  EXPECT_EQ(find().size(), 1U);
  EXPECT_NEAR(find()[0].score, std::sqrt(0.7), 1e-6);
  config_.nms_threshold = 0.7;  // they overlap by 6.4 of 9.6
  EXPECT_EQ(find().size(), 2U);
  config_.nms_threshold = 0.6;
  put(0, 9, 1, 0.9);
  put(0, 9, 2, 0.9);
  EXPECT_EQ(find().size(), 2U);
}

TEST_F(GlipBoxes, LimitsOfALevelAndOfAll) {
  for (int64_t place = 0; place < 5; ++place) put(0, 9 * place, 4, 0.3 + 0.1 * static_cast<double>(place));
  put(1, 3, 4, 0.25);
  config_.pre_nms_top_n = 3;
  EXPECT_EQ(find().size(), 4U);
  config_.detections_per_image = 2;
  EXPECT_EQ(find().size(), 2U);
  EXPECT_NEAR(find()[1].score, std::sqrt(0.6), 1e-6);
  put(0, 36, 4, 0.6);  // as good as the second: all of the last score stay
  config_.detections_per_image = 1;
  EXPECT_EQ(find().size(), 2U);
}

TEST_F(GlipBoxes, NothingIsAFairResult) { EXPECT_TRUE(find().empty()); }

// First and last pixels are scaled, as the authors do it: 10 to 19 in half the size are 20 to 38.
TEST(GlipInPicture, ScalesFirstAndLastPixels) {
  EXPECT_EQ(in_picture({10, 0, 20, 30}, {50, 60}, {100, 120}), (Box{20, 0, 39, 59}));
  EXPECT_EQ(in_picture({0, 0, 50, 60}, {50, 60}, {25, 30}), (Box{0, 0, 25, 30}));  // 24.5 + 1 is beyond the edge
}

}  // namespace
}  // namespace omma::glip
