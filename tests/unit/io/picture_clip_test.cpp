// Clips of pictures: folders, GIF and animated WebP.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "omma/io/video_file.h"
#include "omma/io/video_stream.h"
#include "tests/unit/io/made_clips.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::invalid_argument_of;

FrameSampling at(const std::string& times) {
  return {.kind = FrameSampling::Kind::times, .times = parse_frame_times(times, "times")};
}

class PictureClips : public testing::MadeClips {
 protected:
  fs::path picture(const std::string& name, int gray, int width = 6, int height = 4) const {
    Image image(width, height);
    std::ranges::fill(image.data, static_cast<std::uint8_t>(gray));
    fs::create_directories(folder_);
    write_image(folder_ / name, image);
    return folder_ / name;
  }
  static std::vector<int> grays_of(const VideoClip& clip) {
    std::vector<int> grays;
    for (const VideoFrame& frame : clip.frames) grays.push_back(frame.image.data.at(0));
    return grays;
  }

  fs::path folder_ = directory_ / "pictures";
};

TEST_F(PictureClips, FoldersAreClipsByName) {
  picture("b.PNG.png", 20);
  picture("c.png", 30, 8, 2);
  picture("a.jpg", 10);
  write_file(folder_ / "notes.txt", "none");
  write_file(folder_ / "._a.jpg", "none");
  fs::create_directory(folder_ / "d.png");
  for (const bool in_child : {true, false}) {
    const VideoClip clip = read_video(folder_, {.count = 3}, {.in_child = in_child});
    EXPECT_EQ(grays_of(clip), (std::vector<int>{10, 20, 30}));
    EXPECT_EQ(clip.frame_count, 3);
    EXPECT_EQ(clip.duration, 3);
    EXPECT_EQ(clip.codec, "pictures");
    EXPECT_EQ(clip.frames[2].time, 2);
    EXPECT_EQ(clip.frames[2].image.width, 8);  // its own size
  }
  FrameSampling sampling = at("0.3,0.7");
  sampling.picture_rate = 4;
  EXPECT_EQ(grays_of(read_video(folder_, sampling)), (std::vector<int>{20, 30}));
  sampling.picture_rate = 0;
  EXPECT_THROW(read_video(folder_, sampling), std::invalid_argument);
  VideoStream stream(folder_, {.picture_rate = 2});
  EXPECT_EQ(stream.info().rate, 2);
  EXPECT_EQ(stream.info().width, 6);
  EXPECT_EQ(stream.next()->time, 0);
  EXPECT_EQ(stream.next()->time, 0.5);
}

TEST_F(PictureClips, OnlyWhatIsTakenIsDecoded) {
  picture("a.png", 10);
  write_file(folder_ / "b.png", "broken");
  picture("c.png", 30);
  EXPECT_EQ(grays_of(read_video(folder_, {.count = 2})), (std::vector<int>{10, 30}));
  const std::string message = invalid_argument_of([&] { read_video(folder_, {.count = 3}); });
  EXPECT_TRUE(message.starts_with((folder_ / "b.png").string() + ": ")) << message;
}

TEST_F(PictureClips, LimitsAreKept) {
  fs::create_directories(folder_);
  EXPECT_EQ(invalid_argument_of([&] { read_video(folder_, {}); }),
            folder_.string() + ": no video frames: the folder holds no pictures (.jpg .jpeg .png .webp .gif .bmp .tif .tiff)");
  for (int i = 0; i < 5000; ++i) fs::create_symlink("/dev/null", folder_ / (std::to_string(i) + ".jpg"));  // none of them is read
  const auto refusal = [&](const VideoLimits& limits) { return invalid_argument_of([&] { read_video(folder_, {}, limits); }); };
  EXPECT_EQ(refusal({.frames = 4999}), folder_.string() + ": expected at most 4999 frames");
  EXPECT_EQ(refusal({.seconds = 4999}), folder_.string() + ": expected at most 4999 seconds, got 5000");
}

TEST_F(PictureClips, GifsHaveTheirDelays) {
  const fs::path file =
      made("", "a.gif", "settb=1/100,setpts='(N*0.4+mod(N,2)*0.3)/TB',split[a][b];[a]palettegen[p];[b][p]paletteuse");
  const VideoClip clip = read_video(file, at("0,0.65,0.75,0.85"));
  EXPECT_EQ(numbers_of(clip), (std::vector<std::int64_t>{0, 0, 1, 2}));
  EXPECT_EQ(clip.codec, "gif");
  EXPECT_LE(wrong_by(clip), 4);
}

TEST_F(PictureClips, AnimatedWebpIsAClip) {
  const fs::path file = made("-c:v libwebp_anim -lossless 1 -loop 0", "a.webp");
  const std::string bytes = read_file(file);
  EXPECT_TRUE(is_video({reinterpret_cast<const std::uint8_t*>(bytes.data()), 64}));
  for (const bool in_child : {true, false}) {
    const VideoClip clip = read_video(file, {.count = 8}, {.in_child = in_child});
    EXPECT_EQ(numbers_of(clip), (std::vector<std::int64_t>{0, 8, 16, 25, 33, 42, 50, 59}));
    EXPECT_NEAR(clip.duration, 6, 1e-6);
    EXPECT_EQ(clip.codec, "webp");
    EXPECT_EQ(clip.errors, 0);
    EXPECT_LE(wrong_by(clip), 3);
  }
  EXPECT_EQ(read_video(file, {.count = 1}).frames[0].image, read_image(file));
  EXPECT_EQ(numbers_of(read_video(file, at("0.15,0.25,end"))), (std::vector<std::int64_t>{1, 2, 59}));
  const auto refusal = [&](const VideoLimits& limits) { return invalid_argument_of([&] { read_video(file, {}, limits); }); };
  EXPECT_EQ(refusal({.frames = 59}), file.string() + ": expected at most 59 frames");
  EXPECT_EQ(refusal({.seconds = 5}), file.string() + ": expected at most 5 seconds, got 6");
  EXPECT_EQ(refusal({.decoded_pixels = 9 * 64 * 48}),
            file.string() + ": expected at most 27648 pixels on the way to the frames taken");
  EXPECT_NE(refusal({.frame_pixels = 64 * 47}), "");
  VideoStream stream(file, {.every = 2});
  EXPECT_NEAR(stream.info().rate, 10, 1e-9);
  EXPECT_EQ(stream.next()->number, 0);
  EXPECT_EQ(stream.next()->number, 20);
}

TEST_F(PictureClips, BrokenWebpIsToldOrStoodInFor) {
  std::string bytes = read_file(made("-c:v libwebp_anim -lossless 1", "a.webp"));
  write_file(directory_ / "cut.webp", bytes.substr(0, bytes.size() / 2));
  EXPECT_NE(invalid_argument_of([&] { read_video(directory_ / "cut.webp", {}); }), "");
  const std::size_t middle = bytes.find("VP8L", bytes.size() / 2);
  ASSERT_NE(middle, std::string::npos);
  for (std::size_t i = middle + 13; i < middle + 20; ++i) bytes[i] = static_cast<char>(i * 91);  // past its header
  write_file(directory_ / "noisy.webp", bytes);
  const VideoClip clip = read_video(directory_ / "noisy.webp", {.count = frames});
  EXPECT_GT(clip.errors, 0);
  EXPECT_LE(wrong_by(clip.frames[5]), 3);
}

}  // namespace
}  // namespace omma
