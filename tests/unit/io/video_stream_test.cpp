#include "omma/io/video_stream.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "omma/base/file.h"
#include "tests/unit/io/made_clips.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::invalid_argument_of;

class VideoStreams : public testing::MadeClips {
 protected:
  static std::vector<VideoFrame> all_of(VideoStream& stream) {
    std::vector<VideoFrame> frames;
    while (std::optional<VideoFrame> frame = stream.next()) frames.push_back(std::move(*frame));
    return frames;
  }
  static std::vector<std::int64_t> numbers_of(const fs::path& file, double every, const VideoLimits& limits = {}) {
    VideoStream stream(file, {.every = every}, limits);
    std::vector<std::int64_t> numbers;
    while (const std::optional<VideoFrame> frame = stream.next()) {
      numbers.push_back(frame->number);
      EXPECT_LE(wrong_by(*frame), 3);
    }
    return numbers;
  }
};

TEST_F(VideoStreams, GiveAllFramesAsTheyAreRead) {
  for (const char* name : {"a.mp4", "a.mkv", "a.ts", "a.gif"}) {
    const bool is_gif = std::string_view(name) == "a.gif";
    const fs::path file = is_gif ? made("", name, "split[a][b];[a]palettegen[p];[b][p]paletteuse") : made(h264_, name);
    const VideoClip clip = read_video(file, {.count = frames});
    for (const bool in_child : {true, false}) {
      VideoStream stream(file, {}, {.taken_pixels = 1, .in_child = in_child});
      EXPECT_EQ(stream.info().width, 64);
      EXPECT_EQ(stream.info().height, 48);
      EXPECT_NEAR(stream.info().rate, 10, 1e-9);
      EXPECT_NEAR(stream.info().duration, 6, 0.02);
      EXPECT_EQ(stream.info().frame_count, frames);
      EXPECT_EQ(stream.info().codec, clip.codec);
      const std::vector<VideoFrame> streamed = all_of(stream);
      ASSERT_EQ(streamed.size(), static_cast<std::size_t>(frames));
      for (std::size_t i = 0; i < streamed.size(); ++i) {
        EXPECT_EQ(streamed[i].number, static_cast<std::int64_t>(i));
        EXPECT_EQ(streamed[i].time, clip.frames[i].time);
        EXPECT_EQ(streamed[i].image, clip.frames[i].image) << name << " " << i;
      }
      EXPECT_EQ(stream.errors(), 0);
      EXPECT_FALSE(stream.next());
    }
  }
}

TEST_F(VideoStreams, EverySoOften) {
  const fs::path file = made(h264_, "a.mp4");
  EXPECT_EQ(numbers_of(file, 1), (std::vector<std::int64_t>{0, 10, 20, 30, 40, 50}));
  EXPECT_EQ(numbers_of(file, 2.55), (std::vector<std::int64_t>{0, 25, 51}));
  EXPECT_EQ(numbers_of(file, 0.1).size(), static_cast<std::size_t>(frames));
  EXPECT_EQ(numbers_of(file, 0.001).size(), static_cast<std::size_t>(frames));
  EXPECT_EQ(numbers_of(file, 100), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(numbers_of(file, 2, {.decoded_pixels = 20 * 64 * 48}), (std::vector<std::int64_t>{0, 20, 40}));
  for (const double every : {-1.0, std::nan(""), HUGE_VAL})
    EXPECT_TRUE(invalid_argument_of([&] { VideoStream(file, {.every = every}); }).starts_with("every: expected")) << every;
}

// Frames on screen for .7 and .1 seconds in turn.
TEST_F(VideoStreams, TimesAreThoseOfTheFile) {
  const fs::path file = made("-vsync passthrough -enc_time_base -1 -copyts -c:v libx264 -pix_fmt yuv420p -bf 2 -g 12", "a.mkv",
                             "settb=1/1000,setpts='(N*0.4+mod(N,2)*0.3+3)/TB'");
  VideoStream stream(file, {});
  EXPECT_NEAR(stream.info().rate, 59 / 23.9, 1e-3);
  for (const VideoFrame& frame : all_of(stream)) {
    const auto number = static_cast<double>(frame.number);
    EXPECT_NEAR(frame.time, number * 0.4 + static_cast<double>(frame.number % 2) * 0.3, 2e-3);
    EXPECT_LE(wrong_by(frame), 3);
  }
  std::vector<std::int64_t> at_rate = MadeClips::numbers_of(read_video(file, {.kind = FrameSampling::Kind::rate, .rate = 1 / 0.3}));
  at_rate.erase(std::unique(at_rate.begin(), at_rate.end()), at_rate.end());
  EXPECT_EQ(numbers_of(file, 0.3), at_rate);
}

TEST_F(VideoStreams, AreUpright) {
  const fs::path plain = made(h264_, "plain.mp4", "setsar=2/1");
  VideoStream stream(run("-i '" + plain.string() + "' -c copy -metadata:s:v rotate=90", "turned.mp4"));
  EXPECT_EQ(stream.info().width, 48);
  EXPECT_EQ(stream.info().height, 128);
  const std::optional<VideoFrame> frame = stream.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->image.width, 48);
  EXPECT_EQ(frame->image.height, 128);
}

TEST_F(VideoStreams, DamagedFramesAreCounted) {
  std::string noisy = read_file(made("-c:v libx264 -pix_fmt yuv420p -g 6", "a.ts"));
  for (std::size_t i = noisy.size() / 2; i < noisy.size() / 2 + 2000; ++i) noisy[i] = static_cast<char>(i * 37);
  write_file(directory_ / "noisy.ts", noisy);
  for (const bool in_child : {true, false}) {
    VideoStream stream(directory_ / "noisy.ts", {}, {.in_child = in_child});
    std::vector<VideoFrame> streamed = all_of(stream);
    EXPECT_EQ(std::ssize(streamed), stream.info().frame_count);
    streamed.back().number = frames - 1;  // some were lost
    EXPECT_GT(stream.errors(), 0);
    EXPECT_LT(stream.errors(), frames / 2);
    EXPECT_LE(wrong_by(streamed.back()), 3);
  }
}

TEST_F(VideoStreams, MayEndBeforeTheFile) {
  const fs::path file = made(h264_, "a.mp4");
  {
    VideoStream stream(file);
    EXPECT_TRUE(stream.next());
    VideoStream other = std::move(stream);
    EXPECT_EQ(other.next()->number, 1);
    std::thread([&] { stream = VideoStream(file); }).join();  // whose thread is gone before it
    EXPECT_EQ(all_of(stream).size(), static_cast<std::size_t>(frames));
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(VideoStreams, TheDeadlineCountsForEachFrame) {
  const fs::path file = made(h264_, "a.mp4", "scale=640:480");  // more than a pipe holds
  VideoStream stream(file, {}, {.deadline = 2});
  EXPECT_TRUE(stream.next());
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));  // the caller's own work
  EXPECT_TRUE(stream.next());
  pid_t child = 0;
  std::ifstream("/proc/self/task/" + std::to_string(::getpid()) + "/children") >> child;
  ASSERT_GT(child, 0);
  ::kill(child, SIGSTOP);  // a decoder that hangs
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(all_of(stream), std::runtime_error);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_GE(seconds, 1.9);
  EXPECT_LT(seconds, 4);
  EXPECT_EQ(::kill(child, 0), -1);
  EXPECT_FALSE(stream.next());
  EXPECT_THROW(VideoStream(file, {}, {.deadline = 0}), std::runtime_error);
}

TEST_F(VideoStreams, WhatIsNoVideoIsRefused) {
  write_file(directory_ / "a.mp4", "words");
  for (const bool in_child : {true, false}) {
    const auto refusal = [&](const fs::path& file) {
      return invalid_argument_of([&] { VideoStream(file, {}, {.in_child = in_child}); });
    };
    EXPECT_TRUE(refusal(directory_ / "a.mp4").starts_with((directory_ / "a.mp4").string() + ": no video that omma reads"));
    EXPECT_EQ(refusal("/none.mp4"), "/none.mp4: No such file or directory");
  }
}

}  // namespace
}  // namespace omma
