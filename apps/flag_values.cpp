#include "apps/flag_values.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace omma::app {
namespace {

struct WholeLimits {
  std::string_view flag;
  std::uint64_t least, most;
};
constexpr std::uint64_t any_bits = std::numeric_limits<std::uint64_t>::max();
constexpr std::array whole_limits = {
    WholeLimits{"batch", 1, 256},
    WholeLimits{"beams", 1, 64},
    WholeLimits{"count", 1, 1'000'000'000},
    WholeLimits{"crop-n-layers", 0, 4},
    WholeLimits{"crop-n-points-downscale-factor", 1, 64},
    WholeLimits{"llm-max-tokens", 1, 1 << 20},
    WholeLimits{"max-objects", 0, 100},
    WholeLimits{"max-steps", 0, 100},
    WholeLimits{"max-tokens", 1, 1'000'000},
    WholeLimits{"min-mask-region-area", 0, 1 << 30},
    WholeLimits{"min-objects", 0, 100},
    WholeLimits{"min-tokens", 0, 1'000'000},
    WholeLimits{"phrases", 1, 1000},
    WholeLimits{"points-per-batch", 1, 4096},
    WholeLimits{"points-per-side", 1, 1024},
    WholeLimits{"rank", 0, 1'000'000},
    WholeLimits{"ranks", 1, 1'000'000},
    WholeLimits{"rerank", 0, 1'000'000},
    WholeLimits{"samples-per-shard", 1, 100'000},
    WholeLimits{"scenes", 1, 1'000'000},
    WholeLimits{"seed", 0, any_bits},
    WholeLimits{"size", 1, 65'535},
    WholeLimits{"threads", 1, 1024},
    WholeLimits{"top-k", 0, 1'000'000},
};

struct RealLimits {
  std::string_view flag;
  double least, most;
};
constexpr std::array real_limits = {
    RealLimits{"box-nms-thresh", 0, 1},
    RealLimits{"box-threshold", 0, 1},
    RealLimits{"crop-nms-thresh", 0, 1},
    RealLimits{"crop-overlap-ratio", 0, .99},
    RealLimits{"enlargement", 1, 64},
    RealLimits{"length-penalty", -10, 10},
    RealLimits{"llm-timeout", .1, 86'400},
    RealLimits{"mask-nms-thresh", 0, 1},
    RealLimits{"max-fault-share", 0, 1},
    RealLimits{"max-seconds", .1, 86'400},
    RealLimits{"nms", 0, 1},
    RealLimits{"noise", 0, 1},
    RealLimits{"pred-iou-thresh", 0, 1},
    RealLimits{"repetition-penalty", 0, 100},
    RealLimits{"stability-score-offset", 0, 100},
    RealLimits{"stability-score-thresh", 0, 1},
    RealLimits{"temperature", 0, 100},
    RealLimits{"text-threshold", 0, 1},
    RealLimits{"threshold", 0, 1},
    RealLimits{"tool-errors", 0, 1},
    RealLimits{"top-p", 0, 1},
    RealLimits{"variety", 0, 1},
};

// The whole text as a number.
template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// A validator of CLI11: what is wrong with the text, or nothing.
std::string whole_fault(const std::string& text, const WholeLimits& limits) {
  std::uint64_t number = 0;
  if (parse(text, number) && number >= limits.least && number <= limits.most) return "";
  return fmt::format("expected a whole number from {} to {}, got \"{}\"", limits.least, limits.most, text);
}

std::string real_fault(const std::string& text, const RealLimits& limits) {
  double number = 0;
  if (parse(text, number) && number >= limits.least && number <= limits.most) return "";
  return fmt::format("expected a number from {:g} to {:g}, got \"{}\"", limits.least, limits.most, text);
}

std::string path_fault(const std::string& text) { return text.empty() ? "expected a path, got an empty one" : ""; }

bool names_a_path(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  for (const char* kind : {"DIR", "FILE", "PATH"})
    if (type.find(kind) != std::string::npos) return true;
  return false;
}

void limit(CLI::Option& option) {
  for (const std::string& name : option.get_lnames()) {
    for (const WholeLimits& limits : whole_limits)
      if (limits.flag == name) option.check([limits](const std::string& text) { return whole_fault(text, limits); });
    for (const RealLimits& limits : real_limits)
      if (limits.flag == name) option.check([limits](const std::string& text) { return real_fault(text, limits); });
  }
  if (names_a_path(option)) option.check(path_fault);
}

}  // namespace

void limit_flag_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) limit(*option);
  for (CLI::App* command : app.get_subcommands({})) limit_flag_values(*command);
}

}  // namespace omma::app
