// What is asked of a segmenter whose answers are known, and what is made of them.
#include "omma/eval/segmentation_evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "omma/vision/run_lengths.h"
#include "tests/unit/eval/drawn_masks.h"

namespace omma {
namespace {

using testing::rectangle_of;

constexpr int side = 100;

RunLengths square(float x, float y, float size) { return rectangle_of(side, side, {x, y, x + size, y + size}); }

class DrawnSquares : public SegmentationDataset {
 public:
  explicit DrawnSquares(std::vector<std::vector<SegmentationTarget>> pictures) : pictures_(std::move(pictures)) {}

  std::size_t size() const override { return pictures_.size(); }
  SegmentationSample sample(std::size_t index) const override {
    return {.key = std::to_string(index), .width = side, .height = side, .targets = pictures_[index]};
  }
  Image image(std::size_t index) const override {
    if (broken == index) throw std::invalid_argument("it is broken");
    Image image(side, side);
    image.data[0] = static_cast<std::uint8_t>(index);
    return image;
  }
  bool has_image(std::size_t) const override { return true; }
  SegmentedImage load(std::size_t index) const override { return {sample(index), image(index)}; }
  const std::vector<std::string>& categories() const override { return categories_; }
  const DatasetReport& report() const override { return report_; }

  std::size_t broken = SIZE_MAX;

 private:
  std::vector<std::vector<SegmentationTarget>> pictures_;
  std::vector<std::string> categories_ = {"square"};
  DatasetReport report_;
};

SegmentationTarget target_of(RunLengths mask, bool crowd = false) {
  const Box box = bounding_box(mask);
  const auto pixels = static_cast<double>(area(mask));
  return {.mask = std::move(mask), .box = box, .area = pixels, .category = "square", .category_index = 0, .crowd = crowd};
}

// With `n` clicks it finds the first min(n, 5) fifths of the columns of the square that the first click is in; of one click the
// first mask is the promising one, the second the one in truth best, of four fifths. A box finds what it holds, less a column.
class KnowingSegmenter : public Segmenter {
 public:
  explicit KnowingSegmenter(std::vector<Box> squares) : squares_(std::move(squares)) {}

  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override {
    ++encoded;
    return std::make_shared<KeptImage>(image);
  }

  SegmentationResult segment_encoded(const ImageEmbedding&, std::span<const SegmentationPrompt> prompts,
                                     const SegmentationOptions& options) override {
    SegmentationResult result;
    for (const SegmentationPrompt& prompt : prompts) {
      asked.push_back(prompt);
      singles.insert(options.single);
      std::vector<SegmentedMask>& masks = result.objects.emplace_back();
      if (prompt.box) {
        masks.push_back(found({prompt.box->x0, prompt.box->y0, prompt.box->x1 - 1, prompt.box->y1}, .9F));
        continue;
      }
      const Box square = square_at(prompt.points.front());
      const auto clicks = static_cast<float>(prompt.points.size());
      masks.push_back(found(part(square, clicks), .8F));
      if (options.multimask) {
        masks.push_back(found(part(square, 4), .7F));
        masks.push_back(found(part(square, 2), .1F));
      }
      if (options.logits)
        for (SegmentedMask& mask : masks) mask.logits = {.width = 1, .height = 1, .values = {mask.predicted_iou + clicks}};
    }
    return result;
  }

  SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                             const SegmentationOptions& options) override {
    return segment_encoded(*encode_image(image), prompts, options);
  }

  AutomaticMaskResult segment_everything(const Image&, const AutomaticMaskOptions&,
                                         const std::function<void(std::int64_t, std::int64_t)>&) override {
    AutomaticMaskResult result;
    for (const Box& square : everything) static_cast<SegmentedMask&>(result.masks.emplace_back()) = found(square, .9F);
    return result;
  }

  void save_embedding(const ImageEmbedding&, const std::filesystem::path&) override {}
  std::shared_ptr<const ImageEmbedding> load_embedding(const std::filesystem::path&, const Image&) override { return nullptr; }
  int logits_side() const override { return 1; }

  std::vector<Box> everything;
  std::vector<SegmentationPrompt> asked;
  std::set<bool> singles;  // whether they asked for the single mask
  int encoded = 0;

 private:
  static Box part(const Box& square, float fifths) {
    return {square.x0, square.y0, square.x0 + square.width() * std::min(5.F, fifths) / 5, square.y1};
  }
  static SegmentedMask found(const Box& box, float expected) {
    return {.mask = rectangle_of(side, side, box), .box = box, .predicted_iou = expected};
  }
  Box square_at(const PointPrompt& point) const {
    const auto holds = [&](const Box& box) {
      return point.x >= box.x0 && point.x < box.x1 && point.y >= box.y0 && point.y < box.y1;
    };
    return *std::ranges::find_if(squares_, holds);
  }

  std::vector<Box> squares_;
};

class SegmentationEvaluations : public ::testing::Test {
 protected:
  SegmentationEvaluation evaluate(const SegmentationEvaluationOptions& options) {
    LeftOutPictures left_out("squares", dataset_.size(), .5);
    return evaluate_segmentation(segmenter_, dataset_, options, left_out);
  }
  // One of 100 pixels, one of 2,500; a crowd that nobody asks for; and a picture without objects.
  DrawnSquares dataset_{{{target_of(square(0, 0, 10)), target_of(square(20, 20, 50)), target_of(square(80, 80, 10), true)}, {}}};
  KnowingSegmenter segmenter_{{{0, 0, 10, 10}, {20, 20, 70, 70}}};
};

TEST_F(SegmentationEvaluations, ClicksAreAnsweredAndFedBack) {
  const SegmentationFigures figures = evaluate({.boxes = false, .everything = false}).overall;
  EXPECT_EQ(figures.pictures, 2U);
  EXPECT_EQ(figures.objects, 2U);
  EXPECT_EQ(segmenter_.encoded, 1);  // the picture without objects is not even looked at
  const std::map<int, double> expected = {{1, .2}, {2, .4}, {3, .6}, {5, 1}, {9, 1}};
  for (const auto& [clicks, iou] : expected) EXPECT_NEAR(figures.clicks.at(clicks)[0].value().value(), iou, 1e-12) << clicks;
  EXPECT_NEAR(figures.oracle[0].value().value(), .8, 1e-12);
  EXPECT_EQ(figures.oracle[1].objects(), 1U);
  EXPECT_EQ(figures.oracle[2].objects(), 1U);
  EXPECT_FALSE(figures.oracle[3].value().has_value());
  EXPECT_NEAR(figures.any_of_three.value().value(), (.2 + .8 + .4) / 3, 1e-12);
  EXPECT_NEAR(figures.iou_rank.value(), -.5, 1e-12);  // it expects .8, .7, .1 of them

  ASSERT_EQ(segmenter_.asked.size(), 10U);  // five clicks each: then all is found
  const SegmentationPrompt &first = segmenter_.asked[0], &third = segmenter_.asked[4];
  EXPECT_FALSE(first.mask.has_value());
  EXPECT_EQ(first.points.at(0).x, 4);
  EXPECT_EQ(first.points.at(0).y, 4);
  ASSERT_TRUE(third.mask.has_value());
  EXPECT_NEAR(third.mask->values.at(0), .8 + 2, 1e-6);  // of the step before, the most promising
  ASSERT_EQ(third.points.size(), 3U);
  EXPECT_EQ(third.points[1].x, 5);  // what is missing, from column 2 on: farthest from its boundary, of equals the first
  EXPECT_EQ(third.points[1].y, 3);
  EXPECT_TRUE(third.points[1].foreground);
  EXPECT_EQ(segmenter_.singles, std::set<bool>{false});  // one that chooses a part of the picture by it stays there
}

TEST_F(SegmentationEvaluations, TheSingleMaskIsAskedForAtEveryClick) {
  const SegmentationFigures figures = evaluate({.boxes = false, .everything = false, .single_mask = true}).overall;
  EXPECT_NEAR(figures.clicks.at(5)[0].value().value(), 1, 1e-12);
  ASSERT_EQ(segmenter_.asked.size(), 10U);
  EXPECT_EQ(segmenter_.singles, std::set<bool>{true});  // that of the first click chose the part of the picture
}

TEST_F(SegmentationEvaluations, BoxesAreThoseAroundTheMasks) {
  const SegmentationFigures figures = evaluate({.points = false, .everything = false}).overall;
  EXPECT_NEAR(figures.box[0].value().value(), (.9 + .98) / 2, 1e-12);
  EXPECT_NEAR(figures.box[1].value().value(), .9, 1e-12);
  ASSERT_EQ(segmenter_.asked.size(), 2U);
  EXPECT_EQ(segmenter_.asked[1].box, (Box{20, 20, 70, 70}));
  EXPECT_TRUE(figures.clicks.empty());
}

TEST_F(SegmentationEvaluations, EverythingIsJudgedAsProposals) {
  segmenter_.everything = {{0, 0, 10, 10}, {20, 20, 70, 55}, {80, 80, 90, 90}};  // whole; of .7; the crowd
  const SegmentationEvaluation evaluation =
      evaluate({.points = false, .boxes = false, .training = {.means = {{"object", 1}}, .absent = {}}});
  const AutomaticMaskMetrics& automatic = evaluation.overall.automatic.value();
  EXPECT_NEAR(automatic.ar100, (1 + .5) / 2, 1e-12);  // the second at .5, .55, .6, .65, .7
  EXPECT_NEAR(automatic.ar1000, automatic.ar100, 1e-12);
  EXPECT_NEAR(automatic.coco.ap50, 1, 1e-12);  // what is wrong comes after what is right
  EXPECT_NEAR(automatic.coco.ap, (5 + 5 * 51. / 101) / 10, 1e-12);
  EXPECT_EQ(automatic.masks, 3);
  const CountingReport& counting = evaluation.overall.counting.value();
  EXPECT_EQ(counting.said.mean_error, 2);  // 3 for 2, 3 for 0
  EXPECT_EQ(counting.mean.value().mean_error, 1);
  EXPECT_EQ(segmenter_.encoded, 0);
  const json line = evaluation.to_json();
  EXPECT_EQ(line["counting"]["mean_mae"], 1);
  EXPECT_FALSE(line.contains("miou1"));
  EXPECT_FALSE(line.contains("mean_mae_absent"));
}

TEST_F(SegmentationEvaluations, FewerObjectsAndPicturesAndTheirGroups) {
  const auto group = [](const Image& image) { return std::string(image.data[0] == 0 ? "full" : "bare"); };
  const json line = evaluate({.random_clicks = true, .max_objects = 1, .group = group}).to_json();
  EXPECT_EQ(line["objects"], 1);
  EXPECT_EQ(line["pictures"], 2);
  EXPECT_EQ(line["per_group"]["full"]["objects"], 1);
  EXPECT_EQ(line["per_group"]["bare"]["objects"], 0);
  EXPECT_NEAR(line["miou1_small"].get<double>(), .2, 1e-12);
  EXPECT_TRUE(line["miou1_medium"].is_null());
  EXPECT_TRUE(line["per_group"]["bare"]["ar100"].is_null());  // nothing to find
  EXPECT_NEAR(line["miou5_random"].get<double>(), 1, 1e-12);
  EXPECT_EQ(line["mean_mae_absent"], "not asked for");
  EXPECT_EQ(evaluate({.max_pictures = 1}).overall.pictures, 1U);
}

TEST_F(SegmentationEvaluations, BrokenPicturesAreLeftOut) {
  dataset_.broken = 1;
  LeftOutPictures left_out("squares", dataset_.size(), .5);
  EXPECT_EQ(evaluate_segmentation(segmenter_, dataset_, {}, left_out).overall.pictures, 1U);
  EXPECT_EQ(left_out.report().count(DatasetFault::unreadable_picture), 1U);
}

TEST_F(SegmentationEvaluations, TrainingCountsAreOfObjects) {
  EXPECT_EQ(training_counts(dataset_).means.at("object"), 1);  // two and none; the crowd is none
}

}  // namespace
}  // namespace omma
