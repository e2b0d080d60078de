#include "omma/io/video_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "omma/base/file.h"
#include "tests/unit/io/made_clips.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::invalid_argument_of;

class VideoFiles : public testing::MadeClips {
 protected:
  std::string refusal(const fs::path& file, const VideoLimits& limits = {}) const {
    const std::string message = invalid_argument_of([&] { read_video(file, {}, limits); });
    return message.starts_with(file.string() + ": ") ? message.substr(file.string().size() + 2) : "without the file: " + message;
  }
};

FrameSampling at(const std::string& times) {
  return {.kind = FrameSampling::Kind::times, .times = parse_frame_times(times, "times")};
}

TEST_F(VideoFiles, FramesAreThoseOfTheirNumbers) {
  const fs::path file = made(h264_, "a.mp4");
  const VideoClip uniform = read_video(file, {.count = 8});
  EXPECT_EQ(numbers_of(uniform), (std::vector<std::int64_t>{0, 8, 16, 25, 33, 42, 50, 59}));
  EXPECT_EQ(uniform.codec, "h264");
  EXPECT_EQ(uniform.frame_count, frames);
  EXPECT_EQ(uniform.claimed, frames);
  EXPECT_EQ(uniform.errors, 0);
  EXPECT_NEAR(uniform.duration, 6, 1e-9);
  EXPECT_NEAR(uniform.frames[3].time, 2.5, 1e-9);
  EXPECT_LE(wrong_by(uniform), 3);
  const VideoClip all = read_video(file, {.count = frames});
  EXPECT_EQ(numbers_of(all).size(), static_cast<std::size_t>(frames));
  EXPECT_LE(wrong_by(all), 3);
  const VideoClip back = read_video(file, at("end,5.05,0,3.14,3.1"));  // decoded in the file's order, given as asked for
  EXPECT_EQ(numbers_of(back), (std::vector<std::int64_t>{59, 50, 0, 31, 31}));
  EXPECT_LE(wrong_by(back), 3);
  EXPECT_EQ(read_video(file, {.kind = FrameSampling::Kind::rate, .rate = 2}).frames.size(), 12U);
  EXPECT_TRUE(read_video(file, {.kind = FrameSampling::Kind::times}).frames.empty());
  const std::string bytes = read_file(file);
  const VideoClip of_bytes =
      decode_video({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "bytes", {.count = 8});
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(of_bytes.frames[i].image, uniform.frames[i].image);
}

TEST_F(VideoFiles, ContainersAndCodecs) {
  const std::pair<const char*, const char*> cases[] = {
      {"-c:v libx264 -pix_fmt yuv420p -g 12", "a.mkv"},
      {"-c:v libx264 -pix_fmt yuv444p10le -g 12", "a.mov"},
      {"-c:v libx264 -pix_fmt yuv420p -g 12 -bf 2", "a.ts"},
      {"-c:v libx264 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov -g 12", "f.mp4"},
      {"-c:v libx264 -pix_fmt yuv420p -movflags faststart", "s.mp4"},
      {"-c:v mpeg4 -q:v 2 -g 12", "a.avi"},
      {"-c:v mpeg2video -q:v 2 -r 25", "a.mpg"},
      {"-c:v mjpeg -q:v 2 -pix_fmt yuvj420p", "j.mov"},
      {"-c:v libvpx -b:v 1M -g 12", "a.webm"},
      {"-c:v libvpx-vp9 -b:v 1M -g 12", "b.webm"},
      {"-c:v flv -q:v 2", "a.flv"},
      {"", "a.gif"}};  // whose palette is made for it
  for (const auto& [words, name] : cases) {
    const std::string filters = std::string_view(name) == "a.gif" ? "split[a][b];[a]palettegen[p];[b][p]paletteuse" : "null";
    const VideoClip clip = read_video(made(words, name, filters), {.count = 5});
    const bool is_doubled = std::string_view(name) == "a.mpg";  // which knows no ten frames a second
    EXPECT_EQ(clip.frame_count, is_doubled ? 150 : frames) << name;
    EXPECT_EQ(clip.errors, 0) << name;
    EXPECT_NEAR(clip.duration, 6, 0.05) << name;
    if (!is_doubled) {
      EXPECT_LE(wrong_by(clip), 4) << name;
    }
  }
}

// Frames on screen for .7 and .1 seconds in turn, from 3 seconds on.
TEST_F(VideoFiles, TimeStampsTellTheFrames) {
  const std::string uneven = "settb=1/1000,setpts='(N*0.4+mod(N,2)*0.3+3)/TB'";
  for (const char* name : {"a.mkv", "a.mp4", "a.ts"}) {
    const fs::path file =
        made("-vsync passthrough -enc_time_base -1 -copyts -c:v libx264 -pix_fmt yuv420p -bf 2 -g 12", name, uneven);
    const VideoClip clip = read_video(file, at("0,0.6,0.75,0.85,22.35,end"));
    EXPECT_EQ(clip.frame_count, frames) << name;
    EXPECT_EQ(numbers_of(clip), (std::vector<std::int64_t>{0, 0, 1, 2, 55, 59})) << name;
    EXPECT_NEAR(clip.frames[5].time, 23.9, 0.002) << name;
    EXPECT_EQ(clip.errors, 0) << name;
    EXPECT_LE(wrong_by(clip), 3) << name;
  }
}

TEST_F(VideoFiles, FramesAreUprightAndTheirPixelsSquare) {
  const fs::path plain = run("-f lavfi -i \"color=red:s=64x48:d=1,drawbox=x=0:y=0:w=64:h=24:color=blue:t=fill\" " + h264_, "p.mp4");
  for (const int angle : {0, 90, 180, 270}) {
    const fs::path turned =
        run("-i '" + plain.string() + "' -c copy -metadata:s:v rotate=" + std::to_string(angle), std::to_string(angle) + ".mp4");
    const Image image = read_video(turned, {.count = 1}).frames[0].image;
    const bool lies = angle == 90 || angle == 270;
    ASSERT_EQ(image.width, lies ? 48 : 64) << angle;
    ASSERT_EQ(image.height, lies ? 64 : 48) << angle;
    const fs::path shown = run("-i '" + turned.string() + "' -frames:v 1", "shown.bmp");  // ffmpeg turns it
    const std::string theirs = read_file(run("-i '" + shown.string() + "' -f rawvideo -pix_fmt rgb24", "shown.rgb"));
    double apart = 0;
    for (std::size_t i = 0; i < image.data.size(); ++i) apart += std::abs(image.data[i] - static_cast<std::uint8_t>(theirs[i]));
    EXPECT_LT(apart / static_cast<double>(image.data.size()), 3) << angle;
  }
  for (const auto& [aspect, width, height] : {std::tuple("2/1", 128, 48), {"1/2", 64, 96}, {"1/1", 64, 48}}) {
    const VideoClip clip = read_video(made(h264_, "aspect.mkv", std::string("setsar=") + aspect), {.count = 1});
    EXPECT_EQ(clip.frames[0].image.width, width) << aspect;
    EXPECT_EQ(clip.frames[0].image.height, height) << aspect;
  }
}

TEST_F(VideoFiles, WithoutVideoThereAreNoFrames) {
  const fs::path audio = run("-f lavfi -i sine=d=1", "a.m4a");
  EXPECT_EQ(refusal(audio), "no video frames");
  const fs::path cover = run("-f lavfi -i color=red:s=16x16 -frames:v 1", "cover.png");
  EXPECT_EQ(refusal(run("-i '" + audio.string() + "' -i '" + cover.string() + "' -map 0 -map 1 -c copy -disposition:v attached_pic",
                        "b.m4a")),
            "no video frames");
}

TEST_F(VideoFiles, OtherStreamsAreLetBe) {
  write_file(directory_ / "a.srt", "1\n00:00:00,000 --> 00:00:05,000\nwords\n");
  const fs::path file = run("-i '" + made(h264_, "a.mp4").string() + "' -f lavfi -i sine=d=6 -i '" +
                                (directory_ / "a.srt").string() + "' -map 0 -map 1 -map 2 -c:v copy -attach '" +
                                (directory_ / "a.srt").string() + "' -metadata:s:t mimetype=text/plain",
                            "all.mkv");
  const VideoClip clip = read_video(file, {.count = 4});
  EXPECT_EQ(clip.frame_count, frames);
  EXPECT_LE(wrong_by(clip), 3);
}

// What the container says of them is told, and what there is taken.
TEST_F(VideoFiles, BrokenFilesGiveWhatTheyHold) {
  const std::string whole = read_file(made(h264_ + " -movflags faststart", "a.mp4"));
  const fs::path cut = directory_ / "cut.mp4";
  write_file(cut, whole.substr(0, whole.size() * 3 / 4));
  const VideoClip clip = read_video(cut, {.count = 4});
  EXPECT_EQ(clip.claimed, frames);
  EXPECT_LT(clip.frame_count, frames);
  EXPECT_GT(clip.frame_count, 10);
  EXPECT_LE(wrong_by(clip), 3);
  std::string noisy = read_file(made("-c:v libx264 -pix_fmt yuv420p -g 6", "b.ts"));
  for (std::size_t i = noisy.size() / 2; i < noisy.size() / 2 + 2000; ++i) noisy[i] = static_cast<char>(i * 37);
  write_file(directory_ / "noisy.ts", noisy);
  const VideoClip damaged = read_video(directory_ / "noisy.ts", {.count = frames});
  EXPECT_GT(damaged.errors, 0);
  EXPECT_LT(damaged.errors, frames / 2);
  write_file(cut, whole.substr(0, 400));  // amid the index
  EXPECT_TRUE(refusal(cut).starts_with("no video")) << refusal(cut);
  const std::string at_end = read_file(made(h264_, "end.mp4"));
  write_file(cut, at_end.substr(0, at_end.size() / 2));  // before it
  EXPECT_TRUE(refusal(cut).starts_with("no video")) << refusal(cut);
}

TEST_F(VideoFiles, AnotherSizeAmidTheStreamIsScaledToTheFirst) {
  const std::string small = read_file(made("-c:v mpeg2video -q:v 2 -r 25", "s.ts")),
                    large = read_file(
                        run("-f lavfi -i color=white:s=128x96:d=2:r=25 -c:v mpeg2video -q:v 2 -output_ts_offset 6", "l.ts"));
  write_file(directory_ / "both.ts", small + large);
  const VideoClip clip = read_video(directory_ / "both.ts", at("0,end"));
  for (const VideoFrame& frame : clip.frames) EXPECT_EQ(frame.image.width, 64);
  EXPECT_GT(clip.frames[1].image.pixel(32, 24)[0], 240);
}

// A file can name others; none of them is opened.
TEST_F(VideoFiles, ListsOfFilesAreRefused) {
  const std::string there = made(h264_, "a.mp4").string();
  const std::pair<const char*, std::string> lists[] = {
      {"a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile://" + there + "\n#EXT-X-ENDLIST\n"},
      {"a.txt", "ffconcat version 1.0\nfile '" + there + "'\n"},
      {"a.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"},
      {"a.mpd", "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>"},
      {"empty.mp4", ""},
      {"noise.mp4", std::string(5000, 'x')}};
  for (const auto& [name, text] : lists) {
    write_file(directory_ / name, text);
    EXPECT_TRUE(refusal(directory_ / name).starts_with("no video that omma reads")) << name << " " << refusal(directory_ / name);
  }
  EXPECT_EQ(refusal(directory_ / "none.mp4"), "No such file or directory");
  ASSERT_EQ(::mkfifo((directory_ / "pipe.mp4").c_str(), 0600), 0);  // into which nobody writes
  EXPECT_EQ(refusal(directory_ / "pipe.mp4"), "expected a regular file");
  EXPECT_EQ(refusal("/dev/zero"), "expected a regular file");
}

TEST_F(VideoFiles, LimitsAreKept) {
  const fs::path file = made(h264_, "a.mp4");
  EXPECT_EQ(refusal(file, {.file_bytes = 100}).find("expected at most 100 bytes"), 0U);
  EXPECT_EQ(refusal(file, {.frame_pixels = 64 * 47}), "expected frames of at most 3008 pixels, got 64 x 48");
  EXPECT_EQ(refusal(file, {.taken_pixels = 5 * 64 * 48}), "expected frames of at most 15360 pixels in all");
  EXPECT_EQ(refusal(file, {.decoded_pixels = 3 * 64 * 48}), "expected at most 9216 pixels on the way to the frames taken");
  EXPECT_EQ(refusal(file, {.frames = 59}), "expected at most 59 frames");
  EXPECT_EQ(refusal(file, {.seconds = 5.5}), "expected at most 5.5 seconds, got 6");
  EXPECT_THROW(read_video(file, {}, {.deadline = 0}), std::runtime_error);
}

// Containers lead to a key frame in different ways, some to one far before it.
TEST_F(VideoFiles, DecodingBeginsAtTheKeyFrameBefore) {
  constexpr const char* plain = "-c:v libx264 -pix_fmt yuv420p -g 12 -keyint_min 12 -sc_threshold 0 -bf 2";
  const std::pair<std::string, const char*> cases[] = {{plain, "a.mp4"},
                                                       {plain, "a.mkv"},
                                                       {plain, "a.ts"},
                                                       {plain, "a.flv"},
                                                       {plain, "a.avi"},
                                                       {std::string(plain) + " -movflags frag_keyframe+empty_moov", "f.mp4"},
                                                       {"-c:v mpeg4 -q:v 2 -g 12", "b.avi"},
                                                       {"-c:v mpeg2video -q:v 2 -r 10000/1001 -strict -2 -g 12 -bf 2", "b.ts"},
                                                       {"-c:v libvpx-vp9 -b:v 1M -g 12", "b.webm"}};
  for (const auto& [words, name] : cases) {
    const fs::path file = made(words, name);
    for (const char* time : {"3.55", "5.85"}) {
      const VideoClip clip = read_video(file, at(time), {.decoded_pixels = 18 * 64 * 48});
      ASSERT_EQ(clip.frames.size(), 1U);
      EXPECT_EQ(clip.errors, 0) << name;
      EXPECT_LE(wrong_by(clip), 4) << name << " " << time;
    }
  }
}

// Frames that come after a key frame in the file, and are made of it and of what is before it.
TEST_F(VideoFiles, OpenGroupsOfPictures) {
  for (const char* words : {"-c:v libx264 -x264-params open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=3 -pix_fmt yuv420p",
                            "-c:v libx265 -x265-params open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=3:log-level=none",
                            "-c:v mpeg2video -q:v 2 -r 10000/1001 -strict -2 -g 12 -bf 2"}) {
    for (const char* name : {"open.mkv", "open.ts"}) {
      const fs::path file = made(words, name);
      const VideoClip all = read_video(file, {.count = frames});
      EXPECT_LE(wrong_by(all), 4) << words;
      EXPECT_EQ(all.errors, 0) << words;
      for (int number = 1; number < frames; ++number) {
        const VideoClip one = read_video(file, at(std::to_string(all.frames[number].time + 0.01)), {.in_child = false});
        ASSERT_EQ(one.frames[0].number, number);
        EXPECT_EQ(one.frames[0].image, all.frames[number].image) << name << " " << words << " " << number;
      }
    }
  }
}

TEST_F(VideoFiles, AreTheSameWithAnyNumberOfThreadsAndInThisProcess) {
  std::string noisy = read_file(run("-f lavfi -i testsrc2=s=160x120:d=8:r=25 -c:v libx264 -pix_fmt yuv420p -g 20", "a.ts"));
  for (std::size_t i = noisy.size() / 2; i < noisy.size() / 2 + 3000; ++i) noisy[i] = static_cast<char>(i * 37);
  const fs::path damaged = directory_ / "damaged.ts";
  write_file(damaged, noisy);
  for (const fs::path& file : {directory_ / "a.ts", damaged, made(h264_, "a.mp4")}) {
    const VideoClip one = read_video(file, {.count = 40}, {.threads = 1, .in_child = false});
    for (const VideoLimits& limits :
         {VideoLimits{.threads = 1}, {.threads = 2}, {.threads = 7}, {.threads = 3, .in_child = false}}) {
      const VideoClip other = read_video(file, {.count = 40}, limits);
      ASSERT_EQ(numbers_of(other), numbers_of(one));
      EXPECT_EQ(other.errors, one.errors);
      for (std::size_t i = 0; i < one.frames.size(); ++i) EXPECT_EQ(other.frames[i].image, one.frames[i].image) << file << " " << i;
    }
  }
}

// As a download leaves it for which the disk was kept: what is known to be there, and zeros.
TEST_F(VideoFiles, WhatIsBeforeStandsInForAnEndThatIsMissing) {
  const fs::path file = run("-f lavfi -i testsrc2=s=160x120:d=6:r=10 " + h264_ + " -movflags faststart", "a.mp4");
  std::string bytes = read_file(file);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), bytes.end(), '\0');
  write_file(directory_ / "half.mp4", bytes);
  const VideoClip whole = read_video(file, {.count = 6});
  for (const bool in_child : {false, true}) {
    const VideoClip clip = read_video(directory_ / "half.mp4", {.count = 6}, {.in_child = in_child});
    EXPECT_EQ(clip.frame_count, frames);
    EXPECT_GE(clip.errors, 2);
    EXPECT_LE(clip.errors, 4);
    EXPECT_EQ(clip.frames[1].image, whole.frames[1].image);
    EXPECT_EQ(clip.frames[5].number, frames - 1);
    EXPECT_EQ(clip.frames[5].image, clip.frames[4].image);
  }
}

// Neither a process nor a zombie is left.
TEST_F(VideoFiles, DecodingIsKilledAtTheDeadline) {
  const fs::path file =
      run("-f lavfi -i testsrc=s=1280x720:r=25:d=8 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 999", "a.mp4");
  const auto start = std::chrono::steady_clock::now();
  std::string message;
  try {
    read_video(file, {}, {.deadline = 0.1});
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  EXPECT_EQ(message, file.string() + ": reading took longer than 0.1 seconds");
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 1);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(VideoFiles, MemoryIsLimited) {
  const fs::path file = run("-f lavfi -i testsrc=s=1920x1080:r=5:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p", "a.mp4");
  EXPECT_EQ(read_video(file, {}).frames.size(), 8U);
  const std::string message = refusal(file, {.memory = 1 << 20});
  EXPECT_TRUE(message == "expected decoding to take at most 1048576 bytes of memory" ||
              message == "no frame could be decoded: the file is broken" ||             // the decoder does not always say why
              message.starts_with("no video that omma reads: decoding it ended with"))  // what a sanitizer makes of it
      << message;
}

TEST_F(VideoFiles, AreReadByManyThreadsAtOnce) {
#ifdef __SANITIZE_ADDRESS__
  constexpr bool in_child = false;  // GCC's sanitizer allocates under locks that a fork leaves held
#else
  constexpr bool in_child = true;
#endif
  const fs::path file = made(h264_, "a.mp4");
  const VideoClip one = read_video(file, {});
  std::vector<VideoClip> clips(8);
  {
    std::vector<std::jthread> threads;
    for (VideoClip& clip : clips)
      threads.emplace_back([&] { clip = read_video(file, {}, {.deadline = 20, .in_child = in_child}); });
  }
  for (const VideoClip& clip : clips)
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(clip.frames.at(i).image, one.frames[i].image);
}

TEST_F(VideoFiles, AreToldByTheirFirstBytes) {
  const auto begins_as_clip = [](const fs::path& file) {
    const std::string bytes = read_file(file).substr(0, 4096);
    return is_video({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  };
  for (const char* name : {"a.mp4", "a.mkv", "a.avi", "a.ts", "a.gif"}) EXPECT_TRUE(begins_as_clip(made("", name))) << name;
  EXPECT_FALSE(begins_as_clip(run("-f lavfi -i color=red:s=16x16 -frames:v 1", "a.png")));
  EXPECT_FALSE(begins_as_clip(run("-f lavfi -i color=red:s=16x16 -frames:v 1", "a.jpg")));
}

}  // namespace
}  // namespace omma
