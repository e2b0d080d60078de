#include "omma/agent/tools/segment_object.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "omma/agent/evaluation/known_masks.h"
#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/vision/mask_json.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

const auto canvas = std::make_shared<const Image>(100, 100);

RunLengths filled(int x0, int y0, int x1, int y1) {
  Mask mask(100, 100);
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) mask.at(x, y) = 1;
  return encode(mask);
}

// A dog of 4 % with a box of its own, two cars that overlap and a tree between them.
const std::vector<KnownObject> scenery = {{"dog", "blue", "", {0, 0, 20, 20}, .9F},
                                          {"car", "red", "", {0, 40, 30, 80}, .8F},
                                          {"car", "red", "", {70, 40, 90, 50}, .95F},
                                          {"tree", "green", "", {40, 30, 60, 90}, .7F}};

Tool tool_of(std::shared_ptr<Detector> detector, std::shared_ptr<Segmenter> segmenter = nullptr) {
  if (!segmenter)
    segmenter = std::make_shared<KnownSegmenter>(
        std::vector<RunLengths>{filled(0, 0, 20, 20), filled(0, 40, 30, 80), filled(70, 40, 90, 50), filled(40, 30, 60, 90)});
  return segment_object_tool(std::make_shared<ObjectFinder>(std::move(detector), canvas), std::move(segmenter));
}

ToolResult cut(const char* input) { return tool_of(std::make_shared<KnownObjectDetector>(scenery)).run(json::parse(input)); }

// Says the same for each phrase, whatever the picture.
class SayingDetector : public Detector {
 public:
  explicit SayingDetector(std::map<std::string, std::vector<Detection>> of_phrase) : of_phrase_(std::move(of_phrase)) {}
  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions&) override {
    DetectionResult result;
    for (const std::string& phrase : prompt.phrases)
      for (const Detection& detection : of_phrase_[phrase]) result.detections.push_back(detection);
    return std::vector<DetectionResult>(images.size(), result);
  }

 private:
  std::map<std::string, std::vector<Detection>> of_phrase_;
};

TEST(SegmentObject, OneObject) {
  const ToolResult result = cut(R"({"object": "blue dog"})");
  EXPECT_EQ(result.summary, "Cut out blue dog: 4 % of the picture, top left.");
  EXPECT_EQ(result.details, "blue dog: 400 pixels, box [0, 0, 20, 20], score 0.90");
  ASSERT_EQ(result.data["masks"].size(), 1U);
  const json& mask = result.data["masks"][0];
  EXPECT_EQ(mask["label"], "blue dog");
  EXPECT_EQ(mask["box"], json::parse("[0.0, 0.0, 20.0, 20.0]"));
  EXPECT_EQ(mask["area"], 400);
  EXPECT_EQ(mask["share"], .04);
  EXPECT_EQ(mask["place"], "top left");
  EXPECT_EQ(mask["predicted_iou"], 1);
  EXPECT_EQ(read_rle(mask["rle"]), filled(0, 0, 20, 20));
}

TEST(SegmentObject, SeveralAreNumberedByScore) {
  EXPECT_EQ(cut(R"({"object": "car"})").summary, "Cut out 2 cars: car 1 2 %, right; car 2 12 %, left; together 14 %.");
}

TEST(SegmentObject, WhatOverlapsCountsOnce) {
  const std::vector<Detection> boxes = {{"car", 0, .9F, {0, 0, 50, 100}}, {"car", 0, .8F, {25, 0, 75, 100}}};
  const auto detector = std::make_shared<SayingDetector>(std::map<std::string, std::vector<Detection>>{{"car", boxes}});
  const auto segmenter = std::make_shared<KnownSegmenter>(std::vector<RunLengths>{filled(0, 0, 50, 100), filled(25, 0, 75, 100)});
  EXPECT_EQ(tool_of(detector, segmenter).run({{"object", "car"}}).summary,
            "Cut out 2 cars: car 1 50 %, left; car 2 50 %, center; together 75 %.");
}

TEST(SegmentObject, OneOfSeveral) {
  EXPECT_EQ(cut(R"({"object": "car", "which": "largest"})").summary, "Cut out the largest of 2 cars: 12 % of the picture, left.");
  EXPECT_EQ(cut(R"({"object": "car", "which": "smallest"})").summary, "Cut out the smallest of 2 cars: 2 % of the picture, right.");
  EXPECT_EQ(cut(R"({"object": "car", "which": "best"})").summary, "Cut out the surest of 2 cars: 2 % of the picture, right.");
  EXPECT_EQ(cut(R"({"object": "blue dog", "which": "largest"})").summary, "Cut out blue dog: 4 % of the picture, top left.");
  EXPECT_EQ(cut(R"({"object": "anything", "which": "smallest"})").summary,
            "Cut out the smallest of 4 objects, car: 2 % of the picture, right.");
  EXPECT_EQ(cut(R"({"object": "car", "which": "largest"})").data["masks"].size(), 1U);
}

TEST(SegmentObject, WhatStandsInARelation) {
  EXPECT_EQ(cut(R"({"object": "car", "relation": "left of", "anchor": "tree"})").summary,
            "Cut out car left of tree: 12 % of the picture, left.");
  EXPECT_EQ(cut(R"({"object": "anything", "relation": "left of", "anchor": "tree"})").summary,
            "Cut out 2 objects left of tree: dog 4 %, top left; car 12 %, left; together 16 %.");
  EXPECT_EQ(cut(R"({"object": "car", "relation": "smaller than", "anchor": "tree"})").data["masks"].size(), 2U);
  EXPECT_EQ(cut(R"({"object": "car", "relation": "right of", "anchor": "car"})").summary, "Found no car right of car.");
  EXPECT_EQ(cut(R"({"object": "anything", "relation": "larger than", "anchor": "tree"})").summary,
            "Found nothing larger than tree.");
  EXPECT_EQ(cut(R"({"object": "car", "relation": "left of", "anchor": "bus"})").summary, "Found no bus.");
}

// Found under another name with a taller box, the anchor is not larger than itself.
TEST(SegmentObject, TheAnchorStandsInNoRelationToItself) {
  const auto detector = std::make_shared<SayingDetector>(std::map<std::string, std::vector<Detection>>{
      {"tree", {{"tree", 0, .9F, {40, 30, 60, 90}}}}, {"plant", {{"plant", 0, .8F, {40, 15, 60, 90}}}}});
  EXPECT_EQ(tool_of(detector).run({{"object", "plant"}, {"relation", "larger than"}, {"anchor", "tree"}}).summary,
            "Found no plant larger than tree.");
}

TEST(SegmentObject, NothingFound) {
  const ToolResult result = cut(R"({"object": "blue bus"})");
  EXPECT_EQ(result.summary, "Found no blue bus.");
  EXPECT_EQ(result.data["masks"], json::array());
  const auto detector = std::make_shared<KnownObjectDetector>(scenery);
  const Tool blind = tool_of(detector, std::make_shared<KnownSegmenter>(std::vector{encode(Mask(100, 100))}));
  EXPECT_EQ(blind.run({{"object", "tree"}}).summary, "Found tree, but no pixels of it.");
  EXPECT_EQ(blind.run({{"object", "anything"}}).summary, "Found something, but no pixels of it.");
}

TEST(SegmentObject, BoxesThatAreNoneAreLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Detection> boxes = {{"dog", 0, .9F, {nan, 0, 9, 9}},
                                        {"dog", 0, nan, {0, 0, 9, 9}},
                                        {"dog", 0, .8F, {9, 9, 9, 20}},
                                        {"dog", 0, .7F, {0, 0, 20, 20}}};
  const auto detector = std::make_shared<SayingDetector>(std::map<std::string, std::vector<Detection>>{{"dog", boxes}});
  EXPECT_EQ(tool_of(detector).run({{"object", "dog"}}).summary, "Cut out dog: 4 % of the picture, top left.");
}

TEST(SegmentObject, SmallSharesHaveADigit) {
  const auto share = [](int pixels) {
    const std::vector<Detection> box = {{"dot", 0, .9F, {0, 0, 100, 100}}};
    const auto detector = std::make_shared<SayingDetector>(std::map<std::string, std::vector<Detection>>{{"dot", box}});
    const RunLengths mask{100, 100, {0, static_cast<std::uint32_t>(pixels), static_cast<std::uint32_t>(10000 - pixels)}};
    const std::string summary =
        tool_of(detector, std::make_shared<KnownSegmenter>(std::vector{mask})).run({{"object", "dot"}}).summary;
    return summary.substr(13, summary.find(" of") - 13);
  };
  EXPECT_EQ(share(4), "under 0.1 %");
  EXPECT_EQ(share(6), "0.1 %");
  EXPECT_EQ(share(340), "3.4 %");
  EXPECT_EQ(share(300), "3 %");
  EXPECT_EQ(share(996), "10 %");
  EXPECT_EQ(share(9999), "100 %");
}

TEST(SegmentObject, ManyAreCountedNotListed) {
  const std::vector<Detection> boxes(300, {"cell", 0, .5F, {0, 0, 20, 20}});
  const auto detector = std::make_shared<SayingDetector>(std::map<std::string, std::vector<Detection>>{{"cell", boxes}});
  const ToolResult result = tool_of(detector).run({{"object", "cell"}});
  EXPECT_TRUE(result.summary.ends_with("cell 6 4 %, top left; 94 more; together 4 %.")) << result.summary;
  EXPECT_TRUE(result.details.ends_with("and 50 more"));
}

TEST(SegmentObject, InputsThatDoNotFit) {
  const auto message = [](const char* input) { return invalid_argument_of([&] { cut(input); }); };
  EXPECT_EQ(message(R"({"object": "car", "relation": "above"})"), "expected relation and anchor together, got relation alone");
  EXPECT_EQ(message(R"({"object": "car", "anchor": "tree"})"), "expected relation and anchor together, got anchor alone");
  EXPECT_NE(message(R"({"object": "car", "relation": "above", "anchor": "anything"})").find("one object"), std::string::npos);
  const Tool tool = tool_of(std::make_shared<KnownObjectDetector>(scenery));
  const auto fault = [&](const char* input) { return call_tool(tool, json::parse(input), std::chrono::seconds(60)).error; };
  for (const char* input : {"{}", R"({"object": ""})", R"({"object": ["car"]})", R"({"object": "car", "which": "red"})",
                            R"({"object": "car", "relation": "near", "anchor": "tree"})", R"({"object": "car", "color": "red"})"})
    EXPECT_NE(fault(input), "") << input;
  EXPECT_EQ(fault(R"({"object": "car"})"), "");
}

TEST(SegmentObject, AnythingNeedsAListOfNames) {
  const Tool tool = tool_of(std::make_shared<SayingDetector>(std::map<std::string, std::vector<Detection>>{}));
  EXPECT_EQ(tool.schema.dump().find("anything"), std::string::npos);
  EXPECT_THROW(tool.run({{"object", "anything"}}), std::invalid_argument);
}

// By all tools of the picture, as the loop calls them.
TEST(SegmentObject, ThePictureIsEncodedOnceByEachModel) {
  struct CountingDetector : KnownObjectDetector {
    using KnownObjectDetector::KnownObjectDetector;
    std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override {
      ++encoded;
      return KnownObjectDetector::encode_image(image);
    }
    int encoded = 0;
  };
  struct CountingSegmenter : KnownSegmenter {
    using KnownSegmenter::KnownSegmenter;
    std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override {
      ++encoded;
      return KnownSegmenter::encode_image(image);
    }
    int encoded = 0;
  };
  const auto detector = std::make_shared<CountingDetector>(scenery);
  const auto segmenter = std::make_shared<CountingSegmenter>(std::vector{filled(0, 0, 20, 20)});
  const Toolbox tools = picture_tools({.detector = detector, .segmenter = segmenter}, canvas);
  EXPECT_EQ(tools.names(), "detect_objects, segment_object");
  const auto call = [&](const char* name, const json& input) {
    EXPECT_EQ(call_tool(*tools.find(name), input, std::chrono::seconds(60)).error, "");
  };
  call("segment_object", {{"object", "bus"}});
  EXPECT_EQ(segmenter->encoded, 0);  // nothing to cut out
  for (const char* name : {"dog", "car"}) {
    call("detect_objects", {{"objects", {name}}});
    call("segment_object", {{"object", name}});
  }
  EXPECT_EQ(detector->encoded, 1);
  EXPECT_EQ(segmenter->encoded, 1);
}

// The oracle of a scene cuts out what the scene drew.
TEST(SegmentObject, KnownScenes) {
  const Scene scene = make_scene(7, 0, {});
  const std::vector<RunLengths> masks = known_masks(scene);
  ASSERT_EQ(masks.size(), scene.objects.size());
  const auto image = std::make_shared<const Image>(scene.image);
  const PictureModels models{.detector = std::make_shared<KnownObjectDetector>(known_objects(scene)),
                             .segmenter = std::make_shared<KnownSegmenter>(masks)};
  const json found = picture_tools(models, image).find("segment_object")->run({{"object", "anything"}}).data["masks"];
  ASSERT_EQ(found.size(), masks.size());
  std::int64_t pixels = 0, expected = 0;
  for (const json& mask : found) pixels += mask["area"].get<std::int64_t>();
  for (const RunLengths& mask : masks) expected += area(mask);
  EXPECT_EQ(pixels, expected);
}

}  // namespace
}  // namespace omma
