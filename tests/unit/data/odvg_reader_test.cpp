#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class OdvgReader : public ::testing::Test {
 protected:
  std::unique_ptr<DetectionDataset> open(const std::string& lines,
                                         const DetectionDatasetOptions& options = {.max_fault_share = 1}) {
    write_file(directory_ / "train.jsonl", lines);
    return open_detection_dataset("odvg:" + directory_.path().string(), "train", options);
  }
  static std::string grounding(const std::string& caption, const std::string& regions) {
    return R"({"filename": "a.jpg", "height": 60, "width": 80, "grounding": {"caption": ")" + caption + R"(", "regions": [)" +
           regions + "]}}\n";
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(OdvgReader, DetectionForm) {
  const auto dataset = open(
      "{\"filename\": \"a.jpg\", \"height\": 60, \"width\": 80, \"detection\": {\"instances\": ["
      "{\"bbox\": [1, 2, 30, 40], \"label\": 1, \"category\": \"cat\"}, {\"bbox\": [0, 0, 5, 5], \"label\": 0, \"category\": "
      "\"dog\"}]}}\n\n");
  EXPECT_EQ(dataset->report().summary(), "");
  ASSERT_EQ(dataset->size(), 1U);
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"cat", "dog"}));
  const DetectionSample sample = dataset->sample(0);
  EXPECT_EQ(sample.height, 60);
  EXPECT_EQ(sample.targets[0].box, (Box{1, 2, 30, 40}));
  EXPECT_EQ(sample.targets[1].phrase, "dog");
  EXPECT_EQ(sample.targets[1].class_index, 1);
  EXPECT_FALSE(sample.caption.has_value());
}

TEST_F(OdvgReader, LabelMapNamesTheLabels) {
  std::string map = "{";  // eleven labels, so that their order as text is not their order as numbers
  for (int i = 0; i < 11; ++i) map += fmt::format("{}\"{}\": \"class {}\"", i == 0 ? "" : ", ", i, i);
  write_file(directory_ / "map.json", map + "}");
  const auto dataset = open(
      "{\"filename\": \"a.jpg\", \"height\": 60, \"width\": 80, \"detection\": {\"instances\": ["
      "{\"bbox\": [1, 2, 30, 40], \"label\": 10}, {\"bbox\": [1, 2, 30, 40], \"label\": 11}]}}",
      {.label_map = directory_ / "map.json", .max_fault_share = 1});
  EXPECT_EQ(dataset->phrases().size(), 11U);
  ASSERT_EQ(dataset->sample(0).targets.size(), 1U);
  EXPECT_EQ(dataset->sample(0).targets[0].class_index, 10);
  EXPECT_EQ(dataset->sample(0).targets[0].phrase, "class 10");
  EXPECT_EQ(dataset->report().count(DatasetFault::unknown_class), 1U);
}

TEST_F(OdvgReader, GroundingFormCountsCodePoints) {
  const auto dataset = open(
      grounding("a caf\xC3\xA9 table, a cat",
                R"({"bbox": [1, 2, 3, 4], "phrase": "cat", "tokens_positive": [[16, 19]]}, )"
                R"({"bbox": [[5, 6, 7, 8], [9, 10, 11, 12]], "phrase": ["a", "table"], "tokens_positive": [[0, 1], [7, 12]]}, )"
                R"({"bbox": [1, 1, 2, 2], "phrase": "Table"})"));
  EXPECT_EQ(dataset->report().summary(), "");
  const DetectionSample sample = dataset->sample(0);
  ASSERT_EQ(sample.targets.size(), 4U);
  const auto text = [&](const TextSpan& span) { return sample.caption->substr(span.begin, span.end - span.begin); };
  EXPECT_EQ(text(sample.targets[0].spans.at(0)), "cat");
  EXPECT_EQ(sample.targets[0].spans.at(0), (TextSpan{17, 20}));
  EXPECT_EQ(sample.targets[0].class_index, -1);
  EXPECT_EQ(sample.targets[1].phrase, "a table");
  EXPECT_EQ(text(sample.targets[2].spans.at(1)), "table");
  EXPECT_EQ(sample.targets[2].box, (Box{9, 10, 11, 12}));
  EXPECT_EQ(text(sample.targets[3].spans.at(0)), "table");
  EXPECT_TRUE(dataset->phrases().empty());
}

TEST_F(OdvgReader, PhrasesAreSoughtAsWholeWords) {
  const auto dataset = open(
      grounding("a category and a cat", R"({"bbox": [1, 2, 3, 4], "phrase": "cat"}, {"bbox": [1, 2, 3, 4], "phrase": "dog"})"));
  ASSERT_EQ(dataset->sample(0).targets.size(), 1U);
  EXPECT_EQ(dataset->sample(0).targets[0].spans.at(0), (TextSpan{17, 20}));
  EXPECT_EQ(dataset->report().count(DatasetFault::phrase_not_found), 1U);
}

TEST_F(OdvgReader, ReportsEachFaultWithItsLine) {
  const auto dataset = open("{\"filename\": \"a.jpg\"\n" +                                                    // not JSON
                            grounding("a cat", "") +                                                          // fine
                            "{\"filename\": \"b.jpg\", \"height\": 60, \"width\": 80}\n" +                    // neither form
                            "{\"filename\": \"c.jpg\", \"height\": 9, \"width\": 80, \"grounding\": {}}\n" +  // no caption
                            "{\"filename\": \"d.jpg\", \"height\": 9, \"width\": 80, \"detection\": {\"instances\": 3}}\n");
  EXPECT_EQ(dataset->size(), 1U);
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 4U);
  EXPECT_EQ(dataset->report().records().all, 5U);
  EXPECT_EQ(dataset->report().records().left_out, 4U);
  EXPECT_EQ(dataset->report().issues().front().sample, "train.jsonl:1");
  for (const char* region :
       {R"({"bbox": [1, 2, 3], "phrase": "cat"})", R"({"phrase": "cat"})", R"({"bbox": "x", "phrase": "cat"})"})
    EXPECT_EQ(open(grounding("a cat", region))->report().count(DatasetFault::malformed_box), 1U) << region;
  for (const char* spans :
       {"[[0, 9]]", "[[3, 3]]", "[[-1, 2]]", "[]", "[[0]]", "[0, 1]", "[[0, 18446744073709551615]]", "[[0.5, 2]]"})
    EXPECT_EQ(open(grounding("a cat", R"({"bbox": [1, 2, 3, 4], "phrase": "cat", "tokens_positive": )" + std::string(spans) + "}"))
                  ->report()
                  .count(DatasetFault::phrase_not_found),
              1U)
        << spans;
}

TEST_F(OdvgReader, LinesOfOnePictureAreOneSample) {
  const auto dataset =
      open(grounding("a cat", R"({"bbox": [1, 2, 30, 40], "phrase": "a cat"})") +
           grounding("the red hat", R"({"bbox": [5, 6, 7, 8], "phrase": "red hat", "tokens_positive": [[4, 11]]})") +
           grounding("a cat", R"({"bbox": [1, 2, 30, 40], "phrase": "a cat"})"));
  EXPECT_EQ(dataset->report().summary(), "");
  ASSERT_EQ(dataset->size(), 1U);
  const DetectionSample sample = dataset->sample(0);
  EXPECT_TRUE(sample.caption.value().starts_with("a cat. the red hat")) << *sample.caption;
  ASSERT_EQ(sample.targets.size(), 2U);  // the third line says nothing new
  for (const DetectionTarget& target : sample.targets) {
    const TextSpan span = target.spans.at(0);
    EXPECT_EQ(sample.caption->substr(span.begin, span.end - span.begin), target.phrase);
  }
}

TEST_F(OdvgReader, OptionalFieldsMayBeFaulty) {
  write_image(directory_ / "a.jpg", Image(80, 60));
  const auto dataset = open(
      R"({"filename": "images/a.jpg", "height": null, "score": NaN, "detection": {"instances": [)"
      R"({"bbox": [1, 2, 30, 40], "label": "0", "category": "cat"}, {"bbox": [0, 0, 5, 5], "label": {}, "category": "dog"}]}})",
      {});
  EXPECT_EQ(dataset->report().summary(), "");
  EXPECT_TRUE(dataset->has_image(0));
  EXPECT_EQ(dataset->sample(0).width, 80);
  EXPECT_EQ(dataset->sample(0).targets.size(), 2U);
}

}  // namespace
}  // namespace omma
