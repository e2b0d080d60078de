#include "omma/agent/tools/detect_objects.h"

#include <gtest/gtest.h>

#include <limits>

#include "omma/agent/evaluation/known_objects.h"

namespace omma {
namespace {

constexpr Size size{100, 100};

ToolResult describe(const std::vector<std::string>& names, const std::vector<Detection>& detections) {
  return describe_detections(names, detections, size, true);
}

TEST(DetectObjects, CountsAndPlaces) {
  const std::vector<Detection> detections = {{"bus", 0, .9F, {0, 0, 20, 20}}, {"bus", 0, .8F, {40, 40, 60, 60}}};
  EXPECT_EQ(describe({"bus"}, detections).summary, "Found bus: 2. bus 1: top left. bus 2: center.");
  EXPECT_EQ(describe({"bus"}, detections).details,
            "bus 1: box [0, 0, 20, 20], score 0.90\nbus 2: box [40, 40, 60, 60], score 0.80");
  EXPECT_EQ(describe({"car"}, {}).summary, "Found car: 0.");
  EXPECT_EQ(describe_detections(std::vector<std::string>{"car"}, {}, size, false).summary, "Found nothing.");
}

TEST(DetectObjects, RelatesToTheFirstName) {
  const std::vector<Detection> detections = {
      {"dog", 0, .5F, {40, 40, 60, 60}}, {"cat", 1, .9F, {80, 44, 100, 64}}, {"cup", 2, .7F, {44, 0, 48, 4}}};
  const ToolResult result = describe({"dog", "cat", "cup"}, detections);
  EXPECT_EQ(result.summary,
            "Found dog: 1, cat: 1, cup: 1. In total 3. Surest: cat. Seen from dog: right cat; above cup; smaller cup.");
  EXPECT_EQ(result.data["objects"], json::parse(R"({"dog": 1, "cat": 1, "cup": 1})"));
  EXPECT_EQ(result.data["detections"][1]["relations"], json::parse(R"(["right of"])"));
}

TEST(DetectObjects, LeavesOutWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Detection> detections = {{"dog", 0, .5F, {nan, 40, 60, 60}},
                                             {"dog", 0, nan, {0, 0, 9, 9}},
                                             {"dog", 0, .4F, {0, 0, std::numeric_limits<float>::infinity(), 9}},
                                             {"dog", 0, .3F, {0, 0, 9, 9}}};
  EXPECT_EQ(describe({"dog"}, detections).summary, "Found dog: 1. dog: top left.");
}

TEST(DetectObjects, ManyObjectsAreCountedNotListed) {
  std::vector<Detection> detections(500, {"cell", 0, .5F, {0, 0, 9, 9}});
  const ToolResult result = describe({"cell"}, detections);
  EXPECT_TRUE(result.summary.starts_with("Found cell: 500."));
  EXPECT_LT(result.summary.size(), 300U);
  EXPECT_TRUE(result.details.ends_with("and 450 more"));
  EXPECT_EQ(result.data["detections"].size(), 500U);
}

TEST(DetectObjects, ToolAsksForNamesColoursAndAnything) {
  const std::vector<KnownObject> objects = {{"dog", "red", "", {0, 0, 20, 20}}, {"car", "blue", "", {60, 60, 90, 90}}};
  const Tool tool = detect_objects_tool(std::make_shared<KnownObjectDetector>(objects), std::make_shared<const Image>(100, 100));
  const auto summary = [&](const char* input) { return tool.run(json::parse(input)).summary; };
  EXPECT_EQ(summary(R"({"objects": ["dog", "cat"]})"), "Found dog: 1, cat: 0. In total 1. dog: top left.");
  EXPECT_EQ(summary(R"({"objects": ["dog"], "colors": ["red", "blue"]})"), "Found red dog: 1. In total 1. red dog: top left.");
  EXPECT_TRUE(summary(R"({"objects": ["anything"]})").starts_with("Found car: 1, dog: 1. In total 2."));
  const Tool other = detect_objects_tool(std::make_shared<ObjectFinder>(std::make_shared<KnownObjectDetector>(objects),
                                                                        std::make_shared<const Image>(100, 100),
                                                                        ObjectFinderOptions{.anything = {"dog"}}));
  EXPECT_TRUE(other.run(json::parse(R"({"objects": ["anything"]})")).summary.starts_with("Found dog: 1."));
  EXPECT_EQ(summary(R"({"objects": ["red thing"]})"), "Found red thing: 1. red thing: top left.");
}

// However often it is asked, by several prompts a time: the picture is encoded once.
TEST(DetectObjects, ThePictureIsEncodedOnce) {
  class CountingDetector : public KnownObjectDetector {
   public:
    using KnownObjectDetector::KnownObjectDetector;
    std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override {
      ++encoded;
      return KnownObjectDetector::encode_image(image);
    }
    int encoded = 0;
  };
  const auto detector = std::make_shared<CountingDetector>(std::vector<KnownObject>{{"dog", "red", "", {0, 0, 20, 20}}});
  const Tool tool = detect_objects_tool(detector, std::make_shared<const Image>(100, 100));
  EXPECT_EQ(detector->encoded, 0);
  for (const char* input : {R"({"objects": ["dog", "anything"]})", R"({"objects": ["cat"]})", R"({"objects": ["dog"]})"})
    tool.run(json::parse(input));
  EXPECT_EQ(detector->encoded, 1);
}

// What an open detector knows is no list.
TEST(DetectObjects, AnythingNeedsAListOfNames) {
  class OpenDetector : public Detector {
    std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt&, const DetectionOptions&) override {
      return std::vector<DetectionResult>(images.size());
    }
  };
  const Tool tool = detect_objects_tool(std::make_shared<OpenDetector>(), std::make_shared<const Image>(100, 100));
  EXPECT_EQ(tool.schema.dump().find("anything"), std::string::npos);
  EXPECT_THROW(tool.run(json::parse(R"({"objects": ["anything"]})")), std::invalid_argument);
  EXPECT_EQ(tool.run(json::parse(R"({"objects": ["car"]})")).summary, "Found car: 0.");
}

}  // namespace
}  // namespace omma
