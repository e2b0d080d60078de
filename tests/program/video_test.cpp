// Clips through the program: detect frame by frame, ask, caption, chat and the agent about them.
#include <algorithm>
#include <csignal>
#include <fstream>

#include "omma/io/image_file.h"
#include "omma/io/video_file.h"
#include "omma/io/video_writer.h"
#include "tests/program/run_program.h"
#include "tests/unit/llava/small_video_llava.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

// Three rendered scenes, a second each at four frames a second; and a Video-LLaVA of random weights.
class VideoProgram : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    const auto run = run_program({"render", "--seed", "3", "--count", "3", "--out", path("scenes"), "--split", "val", "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
    write_clip("clip.mp4", 12);
    save_video_llava(path("model"), testing::small_video_llava(),
                     {.tokenizer = testing::small_video_llava_tokenizer(),
                      .tokenizer_config = {{"bos_token", "<s>"}, {"eos_token", "</s>"}},
                      .chat_template = "{% for m in messages %}{{ m.role }}: {% for p in m.content %}"
                                       "{{ '<image>' if p.type == 'image' else '<video>' if p.type == 'video' else p.text }}"
                                       "{% endfor %}{% endfor %}a:"},
                     torch::kFloat32);
  }
  static void TearDownTestSuite() { delete directory_; }

  static std::string path(const std::string& name) { return (*directory_ / name).string(); }
  static std::string scene(int i) { return path(fmt::format("scenes/images/{:06d}.png", i)); }
  static void write_clip(const std::string& name, int frames) {
    VideoWriter writer(path(name));
    for (int i = 0; i < frames; ++i) writer.append(read_image(scene(i * 3 / frames)), i / 4.0);
    writer.finish();
  }
  static testing::Run seen(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--model", path("model"), "--max-tokens", "3", "--json"});
    return run_program(arguments);
  }

  static inline testing::TemporaryDirectory* directory_ = nullptr;
};

TEST_F(VideoProgram, DetectPrintsOneObjectAFrame) {
  const auto lines = run_program({"detect", path("clip.mp4"), "--phrase", "dog", "--json"}).lines();
  ASSERT_EQ(lines.size(), 12U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["video"], path("clip.mp4"));
    EXPECT_EQ(lines[i]["size"], json({128, 128}));
    EXPECT_DOUBLE_EQ(lines[i]["time"], static_cast<double>(i) / 4);
    EXPECT_EQ(lines[i]["frames"], json::array({{{"index", i}, {"seconds", lines[i]["time"]}}}));
    EXPECT_TRUE(lines[i]["detections"].is_array());
  }
}

TEST_F(VideoProgram, DetectInAFrameIsDetectInItsPicture) {
  const VideoClip last = read_video(path("clip.mp4"), {.kind = FrameSampling::Kind::times, .times = {3}});
  write_image(path("last.png"), last.frames.front().image);
  const auto of = [](const std::string& what, std::vector<std::string> more) {
    more.insert(more.begin(), {"detect", what, "--phrase", "anything", "--box-threshold", "0.1", "--json"});
    return run_program(more).lines().at(0)["detections"];
  };
  EXPECT_EQ(of(path("clip.mp4"), {"--times", "end"}), of(path("last.png"), {}));
}

TEST_F(VideoProgram, EveryLooksAtSomeAndTheClipWithBoxesHoldsAll) {
  const std::string out = path("boxes.mp4");
  const auto run =
      run_program({"detect", path("clip.mp4"), "--phrase", "dog", "--every", "1", "--json", "--out", out, "--batch", "2"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto lines = run.lines();
  ASSERT_EQ(lines.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(lines[i]["time"], static_cast<double>(i));
  const VideoClip boxes = read_video(out, {.count = 12});
  EXPECT_EQ(boxes.frame_count, 12);
  EXPECT_NEAR(boxes.frames.back().time, 2.75, 1e-3);
  EXPECT_EQ(boxes.frames.front().image.width, 128);
  EXPECT_EQ(run_program({"detect", path("clip.mp4"), "--phrase", "dog", "--every", "1", "--json"}).lines().size(), 3U);
}

TEST_F(VideoProgram, ASignalEndsItWithAWholeClip) {
  write_clip("long.mp4", 3000);
  const std::string out = path("cut.mp4"), told = path("told");
  testing::TypedProgram program({"detect", path("long.mp4"), "--phrase", "dog", "--json", "--quiet", "--out", out}, told);
  const auto lines = [&] {
    std::ifstream file(told);
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  };
  ASSERT_TRUE(testing::comes_true([&] { return lines() >= 3; }));
  program.send(SIGINT);
  EXPECT_EQ(program.end(), 128 + SIGINT);
  const VideoClip cut = read_video(out, {.count = 2});
  EXPECT_GE(cut.frame_count, 3);
  EXPECT_LT(cut.frame_count, 3000);
  EXPECT_EQ(cut.frame_count, lines());
}

TEST_F(VideoProgram, MistakesAreToldBeforeTheWork) {
  const std::string clip = path("clip.mp4");
  const auto fails = [](std::vector<std::string> arguments, const std::string& words) {
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 2);
    EXPECT_NE(run.err.find(words), std::string::npos) << run.err;
  };
  fails({"detect", clip, "--phrase", "dog", "--out", path("x.avi")}, ".mp4");
  fails({"detect", clip, "--phrase", "dog", "--out", clip}, "is read");
  fails({"detect", clip, "--phrase", "dog", "--every", "0"}, "--every");
  fails({"detect", clip, "--phrase", "dog", "--every", "1", "--frames", "3"}, "--every");
  fails({"detect", clip, "--phrase", "dog", "--times", "1", "--frames", "3"}, "--times");
  fails({"detect", clip, "--phrase", "dog", "--times", "9"}, "3 seconds");
  fails({"ask", clip, "What?"}, "pictures alone");
  EXPECT_FALSE(fs::exists(path("x.avi")));
}

TEST_F(VideoProgram, AskAndCaptionTellTheFramesTheySaw) {
  const auto line = seen({"ask", path("clip.mp4"), scene(0), "What?"}).lines();
  ASSERT_EQ(line.size(), 2U);
  ASSERT_EQ(line[0]["frames"].size(), 8U);
  EXPECT_EQ(line[0]["frames"][7], json({{"index", 11}, {"seconds", 2.75}}));
  EXPECT_EQ(line[0]["seconds"], 3.0);
  EXPECT_TRUE(line[0]["answer"].is_string());
  EXPECT_EQ(line[1]["image"], scene(0));
  const auto caption = seen({"caption", path("clip.mp4"), "--sampling", "fps:1"}).lines().at(0);
  EXPECT_EQ(caption["frames"].size(), 3U);
  EXPECT_EQ(caption["captions"].size(), 1U);
}

TEST_F(VideoProgram, AFolderIsAClipWhereFlagsAskForOne) {
  EXPECT_EQ(seen({"caption", path("scenes/images")}).lines().size(), 3U);
  const auto lines = seen({"caption", path("scenes/images"), "--frames", "2"}).lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["frames"].size(), 2U);
}

TEST_F(VideoProgram, AChatKeepsItsClip) {
  write_file(path("turns"), "What?\nAnd then?\n/save " + path("talk.json") + "\n");
  const auto run = testing::run_shell(testing::command_line(
      {"chat", path("clip.mp4"), "--model", path("model"), "--max-tokens", "3", "--json"}, {}, path("turns")));
  ASSERT_EQ(run.status, 0) << run.err;
  const auto lines = run.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1]["videos"][0]["frames"].size(), 8U);
  EXPECT_LT(lines[1]["read_tokens"].get<int>(), 40) << "the clip's 40 are in memory";
  EXPECT_EQ(read_json(path("talk.json"))[0]["video"], "clip.mp4");
}

TEST_F(VideoProgram, TheAgentLooksWhenItIsAsked) {
  const auto at = [](const std::string& question) {
    const auto run = run_program({"agent", path("clip.mp4"), question, "--json"});
    EXPECT_EQ(run.status, 0) << run.err;
    return run.lines().at(0);
  };
  const json end = at("How many dogs are there at the end?"), start = at("How many dogs are there at the start?");
  EXPECT_EQ(end["video"], path("clip.mp4"));
  EXPECT_EQ(end["steps"][0]["time"], 2.75);
  EXPECT_EQ(start["steps"][0]["time"], 0);
  EXPECT_EQ(start["answer"], run_program({"agent", scene(0), "How many dogs are there?", "--json"}).lines().at(0)["answer"]);
}

}  // namespace
}  // namespace omma
