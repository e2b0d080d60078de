#include "omma/nn/calibration.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "omma/base/error.h"

namespace omma {
namespace {

struct Bin {
  double value;
  double count;
};

// The sum of all cubed errors where numbers are rounded to steps of a 255th of [low, high] and cut off outside: what is cut off
// harms a model's masks more than squares would have it.
double cubed_error(const std::vector<Bin>& bins, double low, double high) {
  const double step = (high - low) / 255, rounding = step * step * step / 32;  // the mean up to half a step
  double sum = 0;
  for (const auto& [value, count] : bins) {
    const double cut = value < low ? low - value : value > high ? value - high : 0, size = std::abs(value);
    sum += count * (cut > 0 ? cut * cut * cut : std::min(rounding, size * size * size));  // what is far below a step becomes 0
  }
  return sum;
}

}  // namespace

void ValueHistogram::add(std::span<const float> values) {
  for (const float value : values)
    if (std::isfinite(value)) ++counts_[std::bit_cast<std::uint32_t>(value) >> kDroppedBits];
}

bool ValueHistogram::empty() const {
  return std::ranges::all_of(counts_, [](std::int64_t count) { return count == 0; });
}

Int8Range ValueHistogram::best_range() const {
  std::vector<Bin> bins;
  double least = 0, most = 0;  // 0 is in every range
  for (std::uint32_t bits = 0; bits < counts_.size(); ++bits) {
    const float value = std::bit_cast<float>(bits << kDroppedBits | 1U << (kDroppedBits - 1));  // amid those of these bits
    if (counts_[bits] == 0 || !std::isfinite(value)) continue;
    bins.push_back({.value = value, .count = static_cast<double>(counts_[bits])});
    least = std::min<double>(least, value);
    most = std::max<double>(most, value);
  }
  constexpr int parts = 64;
  double best = std::numeric_limits<double>::infinity(), low = least, high = most;
  for (int i = least < 0 ? 1 : parts; i <= parts; ++i)
    for (int j = most > 0 ? 1 : parts; j <= parts; ++j) {
      const double error = cubed_error(bins, least * i / parts, most * j / parts);
      if (error >= best) continue;
      best = error;
      low = least * i / parts;
      high = most * j / parts;
    }
  const auto scale = static_cast<float>((high - low) / 255);
  if (!(scale >= std::numeric_limits<float>::min())) return {};  // nothing but zeros
  return {.scale = scale, .zero_point = static_cast<int>(std::lround(-128 - low / scale))};
}

Calibration::Calibration(const torch::nn::Module& from, torch::nn::Module& to) : from_(from), to_(to) {
  const auto layers = from.named_modules();
  for (const auto& item : to.named_modules()) {
    const auto result = std::dynamic_pointer_cast<QuantizableLinearImpl>(item.value());
    if (!result || !result->is_int8()) continue;
    const auto* layer = layers.find(item.key());
    auto watched = layer == nullptr ? nullptr : std::dynamic_pointer_cast<QuantizableLinearImpl>(*layer);
    check(watched != nullptr, "calibration: expected a quantizable linear layer \"{}\"", item.key());
    watched_[item.key()] = {.layer = watched, .result = result, .seen = {}};
  }
  for (auto& [name, watched] : watched_)
    watched.layer->watch = [&seen = watched.seen](const Tensor& x) {
      const Tensor values = x.detach().to(torch::kCPU, torch::kFloat32).contiguous();
      seen.add({values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
    };
}

Calibration::~Calibration() {
  for (auto& [name, watched] : watched_) watched.layer->watch = nullptr;
}

void Calibration::quantize() {
  const torch::NoGradGuard no_grad;
  for (auto& [name, watched] : watched_) {
    check(!watched.seen.empty(), "calibration: \"{}\" got no input", name);
    watched.result->quantize(*watched.layer, watched.seen.best_range());
  }
  const auto copy = [](const auto& sources, const auto& targets) {
    for (const auto& item : targets)
      if (const Tensor* source = sources.find(item.key())) item.value().copy_(*source);
  };
  copy(from_.named_parameters(), to_.named_parameters());
  copy(from_.named_buffers(), to_.named_buffers());
}

}  // namespace omma
