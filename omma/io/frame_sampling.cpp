#include "omma/io/frame_sampling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr double last_frame = std::numeric_limits<double>::infinity();

double parse_number(std::string_view text, std::string_view what) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check(error == std::errc() && end == text.data() + text.size() && std::isfinite(value), "{}: expected a number, got \"{}\"", what,
        text);
  return value;
}

void expect_count(double count) {
  constexpr double most = 1e7;
  check(count <= most, "frames: expected to take at most {:.0f}, got {:.6g}", most, count);
}

std::vector<std::size_t> uniform(std::size_t frames, int count) {
  const auto last = static_cast<double>(frames - 1);
  const double step = count > 1 ? last / (count - 1) : 0;
  std::vector<std::size_t> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(static_cast<std::size_t>(i > 0 && i == count - 1 ? last : i * step));
  return numbers;
}

std::vector<std::size_t> stride(std::size_t frames, int count) {
  const double step = static_cast<double>(frames) / count;
  const auto steps = static_cast<std::size_t>(std::ceil(static_cast<double>(frames) / step));  // rounding may make it one more
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < steps; ++i)
    numbers.push_back(std::min(frames - 1, static_cast<std::size_t>(static_cast<double>(i) * step)));
  return numbers;
}

std::vector<std::size_t> at_rate(double rate, std::span<const double> times, double duration) {
  check(rate > 0, "frames: expected a rate above 0, got {:.6g}", rate);
  expect_count(duration * rate);
  std::vector<std::size_t> numbers;
  for (double i = 0; i == 0 || i / rate < duration; ++i) numbers.push_back(frame_on_screen(i / rate, times));
  return numbers;
}

std::vector<std::size_t> at_times(std::span<const double> wanted, std::span<const double> times, double duration) {
  std::vector<std::size_t> numbers;
  for (const double time : wanted) {
    check(time >= 0 && (time <= duration || time == last_frame), "times: expected 0 to {:.6g} seconds, got {:.6g}", duration, time);
    numbers.push_back(frame_on_screen(time, times));
  }
  return numbers;
}

}  // namespace

std::size_t frame_on_screen(double time, std::span<const double> times) {
  constexpr double microsecond = 1e-6;
  const auto after = std::ranges::upper_bound(times, time + microsecond);
  return static_cast<std::size_t>(after - times.begin()) - (after == times.begin() ? 0 : 1);
}

FrameSampling parse_frame_sampling(std::string_view text, std::string_view what) {
  constexpr std::string_view rate = "fps:";
  FrameSampling sampling;
  if (text == "stride") sampling.kind = FrameSampling::Kind::stride;
  if (text == "stride" || text == "uniform") return sampling;
  check(text.starts_with(rate), "{}: expected uniform, stride or fps:N, got \"{}\"", what, text);
  sampling.kind = FrameSampling::Kind::rate;
  sampling.rate = parse_number(text.substr(rate.size()), what);
  check(sampling.rate > 0, "{}: expected a rate above 0, got {:.6g}", what, sampling.rate);
  return sampling;
}

std::vector<double> parse_frame_times(std::string_view text, std::string_view what) {
  std::vector<double> times;
  for (std::string_view rest = text;;) {
    const std::string_view time = rest.substr(0, rest.find(','));
    times.push_back(time == "end" ? last_frame : parse_number(time, what));
    check(times.back() >= 0, "{}: expected times from 0 on, got {:.6g}", what, times.back());
    if (time.size() == rest.size()) return times;
    rest.remove_prefix(time.size() + 1);
  }
}

std::vector<std::size_t> sampled_frames(const FrameSampling& sampling, std::span<const double> times, double duration) {
  check(!times.empty(), "no video frames");
  check(sampling.count >= 1, "frames: expected at least 1, got {}", sampling.count);
  expect_count(sampling.count);
  switch (sampling.kind) {
    case FrameSampling::Kind::uniform:
      return uniform(times.size(), sampling.count);
    case FrameSampling::Kind::stride:
      return stride(times.size(), sampling.count);
    case FrameSampling::Kind::rate:
      return at_rate(sampling.rate, times, duration);
    case FrameSampling::Kind::times:
      return at_times(sampling.times, times, duration);
  }
  return {};
}

}  // namespace omma
