// Videos that are written and read again.
#include "omma/io/video_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "omma/base/file.h"
#include "omma/io/video_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::invalid_argument_of;

using Color = std::array<std::uint8_t, 3>;

constexpr std::array<Color, 8> colors = {
    {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {0, 0, 0}, {200, 120, 40}, {20, 90, 160}, {128, 128, 128}}};

Image plain(int width, int height, Color color) {
  Image image(width, height);
  for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = color[i % 3];
  return image;
}

// The eight colours side by side, beginning with the one of this number.
Image bars(int width, int height, std::size_t number) {
  Image image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      std::ranges::copy(colors[(number + static_cast<std::size_t>(8 * x / width)) % 8], image.pixel(x, y));
  return image;
}

int apart(const std::uint8_t* pixel, Color color) {
  int most = 0;
  for (std::size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(pixel[c] - color[c]));
  return most;
}

VideoClip frames_at(const fs::path& file, const std::vector<double>& times) {
  return read_video(file, {.kind = FrameSampling::Kind::times, .times = times});
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  return names;
}

class VideoWriters : public ::testing::TestWithParam<const char*> {
 protected:
  // Nothing is in the folder but the video.
  void expect_alone() const { EXPECT_EQ(names_in(directory_.path()), (std::vector<std::string>{"a.mp4"})); }
  void expect_nothing() const { EXPECT_EQ(names_in(directory_.path()), (std::vector<std::string>{})); }

  testing::TemporaryDirectory directory_;
  fs::path file_ = directory_ / "a.mp4";
};

INSTANTIATE_TEST_SUITE_P(Codecs, VideoWriters, ::testing::Values("h264", "mpeg4"));

TEST_P(VideoWriters, TimesAndColorsComeBack) {
  const std::vector<double> times = {3, 3.04, 3.5, 3.6, 5.25, 5.25 + 1001. / 24000};
  VideoWriter writer(file_, 2, GetParam());
  EXPECT_EQ(writer.codec(), GetParam());
  for (std::size_t i = 0; i < times.size(); ++i) writer.append(bars(128, 96, i), times[i]);
  EXPECT_EQ(writer.frames(), 6);
  writer.finish(0.75);
  expect_alone();
  std::vector<double> from_first;
  for (const double time : times) from_first.push_back(time - 3 + 1e-5);
  const VideoClip clip = frames_at(file_, from_first);
  EXPECT_EQ(clip.codec, GetParam());
  EXPECT_EQ(clip.frame_count, 6);
  EXPECT_EQ(clip.claimed, 6);
  EXPECT_EQ(clip.errors, 0);
  EXPECT_NEAR(clip.duration, times.back() - 3 + 0.75, 2e-5);
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(clip.frames[i].number, static_cast<std::int64_t>(i));
    EXPECT_NEAR(clip.frames[i].time, times[i] - 3, 1e-5);
    ASSERT_EQ(clip.frames[i].image.width, 128);
    ASSERT_EQ(clip.frames[i].image.height, 96);
    for (std::size_t bar = 0; bar < 8; ++bar)
      EXPECT_LE(apart(clip.frames[i].image.pixel(static_cast<int>(16 * bar) + 8, 48), colors[(i + bar) % 8]), 5) << i << " " << bar;
  }
}

TEST_P(VideoWriters, OddSidesGrowByAPixel) {
  for (const auto& [width, height] : {std::pair(1, 1), {1, 40}, {33, 1}, {65, 49}, {64, 49}, {3, 2}}) {
    VideoWriter writer(file_, 1, GetParam());
    for (int i = 0; i < 3; ++i) writer.append(plain(width, height, colors[static_cast<std::size_t>(i)]), i);
    writer.finish();
    const VideoClip clip = frames_at(file_, {0, 1, 2});
    for (std::size_t i = 0; i < 3; ++i) {
      const Image& image = clip.frames[i].image;
      ASSERT_EQ(image.width, width + width % 2);
      ASSERT_EQ(image.height, height + height % 2);
      for (const int x : {0, image.width - 1})
        EXPECT_LE(apart(image.pixel(x, image.height - 1), colors[i]), 5) << width << " " << height;
    }
  }
}

TEST_P(VideoWriters, ManyFramesAreAllThereInOrder) {
  constexpr int many = 200;
  VideoWriter writer(file_, 2, GetParam());
  for (int i = 0; i < many; ++i) writer.append(plain(32, 32, Color{static_cast<std::uint8_t>(i), 100, 100}), i / 25.);
  writer.finish();
  const VideoClip clip = read_video(file_, {.count = many});
  EXPECT_EQ(clip.frame_count, many);
  EXPECT_NEAR(clip.duration, many / 25., 1e-4);
  for (int i = 0; i < many; ++i)
    EXPECT_LE(apart(clip.frames[static_cast<std::size_t>(i)].image.pixel(16, 16), Color{static_cast<std::uint8_t>(i), 100, 100}), 5)
        << i;
}

TEST_P(VideoWriters, TheLastFrameLastsAsLongAsTheOthers) {
  const auto duration = [&](const std::vector<double>& times) {
    VideoWriter writer(file_, 1, GetParam());
    for (const double time : times) writer.append(plain(16, 16, colors[1]), time);
    writer.finish();
    return frames_at(file_, {0}).duration;
  };
  EXPECT_NEAR(duration({7}), 1, 1e-4);
  EXPECT_NEAR(duration({0, 0.5}), 1, 1e-4);
  EXPECT_NEAR(duration({0, 0.1, 0.2, 5, 5.1}), 5.2, 1e-4);
  EXPECT_NEAR(duration({0, 3599}), 7198, 1e-4);
}

TEST_P(VideoWriters, OtherSizesAreScaledToTheFirstOnBlack) {
  VideoWriter writer(file_, 2, GetParam());
  writer.append(plain(64, 48, colors[0]), 0);
  writer.append(plain(300, 30, colors[1]), 1);  // 64 x 6
  writer.append(plain(10, 100, colors[3]), 2);  // 5 x 48
  writer.append(plain(128, 96, colors[2]), 3);
  writer.finish();
  const VideoClip clip = frames_at(file_, {0, 1, 2, 3});
  for (const VideoFrame& frame : clip.frames) ASSERT_EQ(frame.image.width, 64);
  EXPECT_LE(apart(clip.frames[1].image.pixel(1, 24), colors[1]), 12);
  EXPECT_LE(apart(clip.frames[1].image.pixel(32, 10), colors[4]), 12);
  EXPECT_LE(apart(clip.frames[2].image.pixel(31, 1), colors[3]), 12);
  EXPECT_LE(apart(clip.frames[2].image.pixel(10, 24), colors[4]), 12);
  EXPECT_LE(apart(clip.frames[3].image.pixel(1, 1), colors[2]), 12);
}

// What is refused changes nothing: the video goes on.
TEST_P(VideoWriters, TimesMustRise) {
  VideoWriter writer(file_, 1, GetParam());
  const Image frame = plain(16, 16, colors[0]);
  writer.append(frame, -2);
  for (const double time : {-2., -3., -2 + 1e-6, 3599., std::nan(""), HUGE_VAL})
    EXPECT_TRUE(
        invalid_argument_of([&] { writer.append(frame, time); }).starts_with(file_.string() + ": a frame's time: expected "))
        << time;
  EXPECT_EQ(invalid_argument_of([&] { writer.append(frame, -2); }),
            file_.string() + ": a frame's time: expected 2e-05 seconds to an hour after -2, got -2");
  EXPECT_NE(invalid_argument_of([&] { writer.append(Image(), 0); }), "");
  writer.append(frame, 0);
  for (const double last : {0., -1., 1e9, std::nan("")}) EXPECT_NE(invalid_argument_of([&] { writer.finish(last); }), "") << last;
  writer.finish(1);
  EXPECT_EQ(invalid_argument_of([&] { writer.append(frame, 1); }), file_.string() + ": the video is finished");
  EXPECT_EQ(invalid_argument_of([&] { writer.finish(); }), file_.string() + ": the video is finished");
  EXPECT_EQ(frames_at(file_, {0}).frame_count, 2);
}

TEST_P(VideoWriters, FramesTooLargeForTheCodecAreRefused) {
  const int most = GetParam() == std::string_view("h264") ? 16'384 : 8190;
  VideoWriter writer(file_, 1, GetParam());
  EXPECT_NE(invalid_argument_of([&] { writer.append(Image(16, most + 1), 0); }).find("pixels a side, got 16 x"), std::string::npos);
  writer.append(Image(most, 16), 0);
  writer.finish();
  EXPECT_EQ(frames_at(file_, {0}).frames[0].image.width, most);
}

TEST_P(VideoWriters, PlayersNeedNotReadToTheEnd) {
  VideoWriter writer(file_, 1, GetParam());
  for (int i = 0; i < 10; ++i) writer.append(bars(64, 64, static_cast<std::size_t>(i)), i);
  writer.finish();
  const std::string bytes = read_file(file_);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST_P(VideoWriters, WithoutFinishNothingIsLeft) {
  write_file(file_, "as before");
  {
    VideoWriter writer(file_, 1, GetParam());
    VideoWriter moved = std::move(writer);
    for (int i = 0; i < 10; ++i) moved.append(bars(64, 64, static_cast<std::size_t>(i)), i);
    EXPECT_EQ(names_in(directory_.path()).size(), 2U);
    EXPECT_EQ(read_file(file_), "as before");
  }
  expect_alone();
  {
    VideoWriter writer(file_, 1, GetParam());
    EXPECT_EQ(invalid_argument_of([&] { writer.finish(); }), file_.string() + ": expected frames, got none");
  }
  expect_alone();
  EXPECT_EQ(read_file(file_), "as before");
}

// Files may not grow beyond `most` bytes, as on a full disk: in a process of its own. Its status: 0 for a whole file, 1 for an
// error that left nothing.
[[noreturn]] void write_within(rlim_t most, const fs::path& file, const char* codec) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{most, most};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  try {
    VideoWriter writer(file, 1, codec);
    for (int i = 0; i < 60; ++i) {
      Image noise(64, 64);
      for (std::size_t k = 0; k < noise.data.size(); ++k)
        noise.data[k] = static_cast<std::uint8_t>(k * k * static_cast<std::size_t>(i + 1) >> 7);
      writer.append(noise, i);
    }
    writer.finish();
    std::_Exit(frames_at(file, {0}).frame_count == 60 ? 0 : 2);
  } catch (const std::runtime_error& error) {
    const bool is_told = std::string_view(error.what()).starts_with(file.string() + ": cannot write: File too large");
    std::_Exit(is_told && fs::is_empty(file.parent_path()) ? 1 : 3);
  }
}

TEST_P(VideoWriters, AFullDiskIsToldAndLeavesNothing) {
  EXPECT_EXIT(write_within(10 << 20, file_, GetParam()), ::testing::ExitedWithCode(0), "");
  const auto size = fs::file_size(file_);
  fs::remove(file_);
  for (const auto most :
       {std::uintmax_t{0}, std::uintmax_t{100}, size / 4, size / 2, size - 1000, size - 1})  // the last amid the index
    EXPECT_EXIT(write_within(most, file_, GetParam()), ::testing::ExitedWithCode(1), "") << most << " of " << size;
  EXPECT_EXIT(write_within(size, file_, GetParam()), ::testing::ExitedWithCode(0), "");
}

TEST(VideoWriter, PlacesThatCannotBeAreToldAtOnce) {
  const testing::TemporaryDirectory directory;
  for (const char* name : {"a.avi", "a.mkv", "a", "mp4", ".mp4"})
    EXPECT_EQ(invalid_argument_of([&] { VideoWriter(directory / name); }),
              (directory / name).string() + ": expected a name that ends in .mp4");
  EXPECT_NO_THROW(expect_video_name("folder/A.MP4"));
  EXPECT_NE(invalid_argument_of([&] { VideoWriter(directory / "none" / "a.mp4"); }), "");
  fs::create_directory(directory / "b.mp4");
  EXPECT_NE(invalid_argument_of([&] { VideoWriter(directory / "b.mp4"); }), "");
  fs::create_symlink("/dev/null", directory / "null.mp4");
  EXPECT_NE(invalid_argument_of([&] { VideoWriter(directory / "null.mp4"); }), "");
  EXPECT_NE(invalid_argument_of([&] { VideoWriter(directory / "a.mp4", 0); }), "");
  EXPECT_NE(invalid_argument_of([&] { VideoWriter(directory / "a.mp4", 1, "av1"); }), "");
  EXPECT_EQ(names_in(directory.path()).size(), 2U);
}

TEST(VideoWriter, ALinkIsWrittenThrough) {
  const testing::TemporaryDirectory directory;
  fs::create_directory(directory / "there");
  fs::create_symlink("there/to.mp4", directory / "from.mp4");
  VideoWriter writer(directory / "from.mp4");
  writer.append(Image(16, 16), 0);
  writer.finish();
  EXPECT_TRUE(fs::is_symlink(directory / "from.mp4"));
  EXPECT_EQ(frames_at(directory / "there" / "to.mp4", {0}).frame_count, 1);
}

}  // namespace
}  // namespace omma
