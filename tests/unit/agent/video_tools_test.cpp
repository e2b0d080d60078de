// The tools over a clip: which frame they look at, and who is asked about the whole.
#include "omma/agent/tools/video_tools.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

// As many dogs as the picture is wide.
class DogCounter : public Detector {
 public:
  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt&, const DetectionOptions&) override {
    std::vector<DetectionResult> results;
    for (const Image& image : images) {
      DetectionResult& result = results.emplace_back();
      for (int i = 0; i < image.width; ++i)
        result.detections.push_back(
            {.label = "dog", .phrase_index = 0, .score = 0.9F, .box = {static_cast<float>(i), 0, static_cast<float>(i + 1), 1}});
    }
    return results;
  }
};

class Watcher : public Answerer {
 public:
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions&) override {
    const VisualQuestion& asked = questions.front();
    return {{.answer = std::to_string(asked.videos.size()) + " clip of " + std::to_string(asked.videos.front().frames.size())}};
  }
  std::optional<int> video_frames() const override { return 2; }
};

// Ten seconds, a frame each, n + 1 pixels wide.
struct TenSeconds {
  int looked = 0;
  Footage footage() {
    return {.duration = 10,
            .frame_at =
                [this](double seconds) {
                  ++looked;
                  const int number = std::min(9, static_cast<int>(seconds));
                  return VideoFrame{.image = Image(number + 1, 1), .time = static_cast<double>(number), .number = number};
                },
            .whole = [] { return VideoClip{.frames = {VideoFrame{.image = Image(1, 1)}, VideoFrame{.image = Image(10, 1)}}}; },
            .usual = 4};
  }
};

TEST(VideoTools, LookAtTheTimeTheyAreTold) {
  TenSeconds clip;
  const Toolbox tools = video_tools({.detector = std::make_shared<DogCounter>()}, clip.footage());
  EXPECT_EQ(tools.names(), "detect_objects");
  const Tool& detect = *tools.find("detect_objects");
  const auto dogs = [&](const json& time) {
    json input = {{"objects", {"dog"}}};
    if (!time.is_null()) input["time"] = time;
    return detect.run(input);
  };
  EXPECT_EQ(dogs({}).data["objects"]["dog"], 5);
  EXPECT_EQ(dogs({}).data["time"], 4);
  EXPECT_EQ(dogs(0).data["objects"]["dog"], 1);
  EXPECT_EQ(dogs(2.5).data["objects"]["dog"], 3);
  EXPECT_EQ(dogs("end").data["objects"]["dog"], 10);
  EXPECT_TRUE(dogs("end").details.starts_with("At 9.00 s.")) << dogs("end").details;
  EXPECT_EQ(clip.looked, 4);  // a frame that is known is not read again
  EXPECT_TRUE(dogs("end").summary.starts_with("Found dog: 10."));
  for (const json& wrong : {json(10.5), json(-1), json("later"), json::array()})
    EXPECT_THROW(dogs(wrong), std::invalid_argument) << wrong;
}

TEST(VideoTools, ThoseWhoSeeClipsAreAskedAboutTheWhole) {
  TenSeconds clip;
  const Toolbox tools = video_tools({.answerer = std::make_shared<Watcher>()}, clip.footage());
  EXPECT_EQ(tools.names(), "describe_image, describe_video");
  const Tool& watch = *tools.find("describe_video");
  EXPECT_EQ(watch.run({{"question", "What happens?"}}).summary, "1 clip of 2");
  EXPECT_THROW(watch.run(json::object()), std::invalid_argument);  // nobody describes
}

TEST(VideoTools, WithoutOneWhoSeesClipsThereIsNoSuchTool) {
  TenSeconds clip;
  Footage footage = clip.footage();
  footage.whole = nullptr;
  EXPECT_EQ(video_tools({.answerer = std::make_shared<Watcher>()}, footage).find("describe_video"), nullptr);
}

}  // namespace
}  // namespace omma
