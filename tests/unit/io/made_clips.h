// Clips that the ffmpeg program makes: frame n of them is gray, 16 + 2 n in its luma.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/vision/video.h"
#include "tests/temporary_directory.h"

namespace omma::testing {

class MadeClips : public ::testing::Test {
 protected:
  static constexpr int frames = 60;

  // `words`: what stands between the source of 64 x 48 pixels and ten frames a second, six seconds long, and the file.
  std::filesystem::path made(const std::string& words, const std::string& name, const std::string& filters = "null") const {
    return run("-f lavfi -i \"nullsrc=s=64x48:r=10:d=6,geq=lum='16+2*N':cb=128:cr=128," + filters + "\" " + words, name);
  }
  std::filesystem::path run(const std::string& words, const std::string& name) const {
    const std::filesystem::path file = directory_ / name;
    const std::string command = "ffmpeg -nostdin -y -v error " + words + " '" + file.string() + "'";
    const int status = std::system(command.c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
    return file;
  }

  // How far the middle of a frame is from what its number says, at most.
  static int wrong_by(const VideoFrame& frame) {
    const auto gray = static_cast<int>(std::lround(2 * static_cast<double>(frame.number) * 255 / 219));
    const std::uint8_t* middle = frame.image.pixel(frame.image.width / 2, frame.image.height / 2);
    int worst = 0;
    for (int channel = 0; channel < 3; ++channel) worst = std::max(worst, std::abs(middle[channel] - gray));
    return worst;
  }
  static int wrong_by(const VideoClip& clip) {
    int worst = 0;
    for (const VideoFrame& frame : clip.frames) worst = std::max(worst, wrong_by(frame));
    return worst;
  }

  static std::vector<std::int64_t> numbers_of(const VideoClip& clip) {
    std::vector<std::int64_t> numbers;
    for (const VideoFrame& frame : clip.frames) numbers.push_back(frame.number);
    return numbers;
  }

  TemporaryDirectory directory_;
  std::string h264_ = "-c:v libx264 -pix_fmt yuv420p -g 12 -bf 2";
};

}  // namespace omma::testing
