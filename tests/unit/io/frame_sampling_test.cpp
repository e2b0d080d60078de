#include "omma/io/frame_sampling.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

using Numbers = std::vector<std::size_t>;
using testing::invalid_argument_of;

std::vector<double> times_of(std::size_t frames, double rate) {
  std::vector<double> times;
  for (std::size_t i = 0; i < frames; ++i) times.push_back(static_cast<double>(i) / rate);
  return times;
}

Numbers taken(FrameSampling::Kind kind, int count, std::size_t frames) {
  return sampled_frames({.kind = kind, .count = count}, times_of(frames, 10), static_cast<double>(frames) / 10);
}

// numpy 2.3: np.linspace(0, n - 1, k).astype(int)
TEST(FrameSampling, UniformIsNumpysLinspace) {
  const auto uniform = [](int count, std::size_t frames) { return taken(FrameSampling::Kind::uniform, count, frames); };
  EXPECT_EQ(uniform(8, 100), (Numbers{0, 14, 28, 42, 56, 70, 84, 99}));
  EXPECT_EQ(uniform(8, 431), (Numbers{0, 61, 122, 184, 245, 307, 368, 430}));
  EXPECT_EQ(uniform(8, 5), (Numbers{0, 0, 1, 1, 2, 2, 3, 4}));
  EXPECT_EQ(uniform(1, 9), (Numbers{0}));
  EXPECT_EQ(uniform(3, 1), (Numbers{0, 0, 0}));
}

// np.arange(0, n, n / k).astype(int), which has 50 of the 49 asked for in the last case.
TEST(FrameSampling, StrideIsNumpysArange) {
  const auto stride = [](int count, std::size_t frames) { return taken(FrameSampling::Kind::stride, count, frames); };
  EXPECT_EQ(stride(8, 100), (Numbers{0, 12, 25, 37, 50, 62, 75, 87}));
  EXPECT_EQ(stride(8, 431), (Numbers{0, 53, 107, 161, 215, 269, 323, 377}));
  EXPECT_EQ(stride(8, 5), (Numbers{0, 0, 1, 1, 2, 3, 3, 4}));
  EXPECT_EQ(stride(49, 1).size(), 50U);
}

TEST(FrameSampling, RateAndTimesTakeWhatIsOnScreen) {
  const std::vector<double> times = {0, 0.1, 1, 1.05, 3};
  FrameSampling sampling{.kind = FrameSampling::Kind::rate, .rate = 2};
  EXPECT_EQ(sampled_frames(sampling, times, 3.5), (Numbers{0, 1, 2, 3, 3, 3, 4}));
  EXPECT_EQ(sampled_frames(sampling, std::vector{0.0}, 0), (Numbers{0}));
  sampling = {.kind = FrameSampling::Kind::times, .times = parse_frame_times("end,1.0,0.0999,1.04,3.5", "times")};
  EXPECT_EQ(sampled_frames(sampling, times, 3.5), (Numbers{4, 2, 0, 2, 4}));
  sampling.times = {3.6};
  EXPECT_EQ(invalid_argument_of([&] { sampled_frames(sampling, times, 3.5); }), "times: expected 0 to 3.5 seconds, got 3.6");
}

// Seven of 21 and of 70 frames a second, in the time stamps of MP4.
TEST(FrameSampling, RoundedTimesAreThoseMeant) {
  for (const int step : {3, 10}) {
    std::vector<double> times;
    for (int i = 0; i < 3000; ++i) times.push_back(i * 512 * (1 / (step * 512.0 * 7)));
    const Numbers numbers = sampled_frames({.kind = FrameSampling::Kind::rate, .rate = 7}, times, times.back());
    for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i * static_cast<std::size_t>(step)) << step;
  }
}

TEST(FrameSampling, TextsAreReadOrRefused) {
  EXPECT_EQ(parse_frame_sampling("fps:2.5", "sampling").rate, 2.5);
  EXPECT_EQ(parse_frame_sampling("stride", "sampling").kind, FrameSampling::Kind::stride);
  for (const char* text : {"", "fps:", "fps:0", "fps:-1", "fps:1x", "fps:nan", "uniform:8", "every"})
    EXPECT_TRUE(invalid_argument_of([&] { parse_frame_sampling(text, "sampling"); }).starts_with("sampling: expected")) << text;
  for (const char* text : {"", ",", "1,", "-1", "inf", "1;2"})
    EXPECT_TRUE(invalid_argument_of([&] { parse_frame_times(text, "times"); }).starts_with("times: expected")) << text;
  EXPECT_EQ(invalid_argument_of([] { sampled_frames({}, {}, 0); }), "no video frames");
  EXPECT_EQ(invalid_argument_of([] { sampled_frames({.count = 0}, std::vector{0.0}, 1); }), "frames: expected at least 1, got 0");
  EXPECT_EQ(invalid_argument_of([] { sampled_frames({.count = 10'000'001}, std::vector{0.0}, 1); }),
            "frames: expected to take at most 10000000, got 1e+07");
  EXPECT_EQ(invalid_argument_of([] { sampled_frames({.kind = FrameSampling::Kind::rate, .rate = 1e12}, std::vector{0.0}, 60); }),
            "frames: expected to take at most 10000000, got 6e+13");
  EXPECT_EQ(invalid_argument_of([] { sampled_frames({.kind = FrameSampling::Kind::rate, .rate = -1}, std::vector{0.0}, 60); }),
            "frames: expected a rate above 0, got -1");
}

}  // namespace
}  // namespace omma
