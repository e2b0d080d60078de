#include "omma/eval/zeroshot.h"

#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

// Sees how red a picture is, and reads "red" and "blue" in texts.
class ColorMatcher : public Matcher {
 public:
  std::vector<MatchResult> match(std::span<const Image>, std::span<const std::string>, const MatchOptions&) override { return {}; }
  std::vector<std::vector<float>> embed_images(std::span<const Image> images) override {
    std::vector<std::vector<float>> rows;
    for (const Image& image : images) rows.push_back(image.data[0] > 128 ? std::vector<float>{1, 0} : std::vector<float>{0, 1});
    return rows;
  }
  std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) override {
    std::vector<std::vector<float>> rows;
    for (const std::string& text : texts) {
      asked.push_back(text);
      rows.push_back(text.find("red") != std::string::npos ? std::vector<float>{1, 0} : std::vector<float>{.6F, .8F});
    }
    return rows;
  }
  std::vector<std::string> asked;
};

class ZeroShotTest : public ::testing::Test {
 protected:
  void add(const std::string& name, std::uint8_t red) {
    std::filesystem::create_directories((directory_.path() / name).parent_path());
    Image image(4, 4);
    for (std::size_t i = 0; i < image.data.size(); i += 3) image.data[i] = red;
    write_image(directory_.path() / name, image);
  }
  testing::TemporaryDirectory directory_;
  ColorMatcher matcher_;
};

TEST_F(ZeroShotTest, TheNearestClassAnswers) {
  add("bright_red/a.png", 250);
  add("bright_red/deep/b.png", 240);
  add("bright_red/c.png", 3);  // looks like the other
  add("sky/d.png", 0);
  const ZeroShotEvaluation evaluation =
      evaluate_zeroshot(matcher_, ClassFolder(directory_.path()), {.templates = {"a {} thing.", "{}"}, .names = {{"sky", "blue"}}});
  EXPECT_EQ(matcher_.asked, (std::vector<std::string>{"a bright red thing.", "bright red", "a blue thing.", "blue"}));
  const json figures = evaluation.to_json();
  EXPECT_DOUBLE_EQ(figures["accuracy"], 0.75);
  EXPECT_DOUBLE_EQ(figures["accuracy5"], 1);
  EXPECT_NEAR(figures["mean_per_class"].get<double>(), (2.0 / 3 + 1) / 2, 1e-9);
  EXPECT_EQ(figures["per_class"]["sky"]["pictures"], 1);
  EXPECT_EQ(evaluation.pictures[1].key, "bright_red/c.png");
  EXPECT_EQ(evaluation.pictures[1].answer, "sky");
  EXPECT_EQ(evaluation.pictures[1].rank, 1U);
}

TEST_F(ZeroShotTest, ASplitIsASubFolderAndBadPicturesAreLeftOut) {
  for (int i = 0; i < 3; ++i) add("val/red/" + std::to_string(i) + ".png", 200);
  add("val/blue/x.png", 0);
  write_file(directory_.path() / "val/blue/y.png", "no picture");
  const ClassFolder folder(directory_.path(), "val");
  EXPECT_EQ(folder.classes(), (std::vector<std::string>{"blue", "red"}));
  EXPECT_THROW(evaluate_zeroshot(matcher_, folder), std::invalid_argument);  // a fifth is more than 5 %
  const json figures = evaluate_zeroshot(matcher_, folder, {.max_fault_share = .5}).to_json();
  EXPECT_EQ(figures["pictures"], 4);
  EXPECT_EQ(figures["left_out"], 1);
}

TEST_F(ZeroShotTest, RefusesWhatCannotBe) {
  EXPECT_THROW(ClassFolder(directory_.path()), std::invalid_argument);
  std::filesystem::create_directory(directory_.path() / "empty");
  EXPECT_THROW(ClassFolder(directory_.path()), std::invalid_argument);
  add("red/a.png", 200);
  const ClassFolder folder(directory_.path());
  EXPECT_THROW(evaluate_zeroshot(matcher_, folder, {.templates = {"no place"}}), std::invalid_argument);
  EXPECT_THROW(evaluate_zeroshot(matcher_, folder, {.names = {{"green", "green"}}}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
