#include "omma/nn/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "omma/base/error.h"
#include "omma/nn/shapes_only.h"

namespace omma {

using torch::Tensor;

namespace {

// How much attention is sharpened when positions are squeezed by `factor` (Peng et al. 2023, "YaRN").
double yarn_scale(double factor, double mscale) { return factor <= 1 ? 1 : 0.1 * mscale * std::log(factor) + 1; }

double yarn_attention_factor(const RopeConfig& config) {
  if (config.attention_factor) return *config.attention_factor;
  if (config.mscale.value_or(0) > 0 && config.mscale_all_dim.value_or(0) > 0)
    return yarn_scale(config.factor, *config.mscale) / yarn_scale(config.factor, *config.mscale_all_dim);
  return yarn_scale(config.factor, 1);
}

}  // namespace

void RopeConfig::validate(Faults& faults) const {
  const bool known = type == "default" || type == "linear" || type == "dynamic" || type == "llama3" || type == "yarn";
  faults.expect(known, "rope_type: expected default, linear, dynamic, llama3 or yarn, got \"{}\"", type);
  faults.expect(type != "llama3" || high_freq_factor > low_freq_factor,
                "high_freq_factor: expected above low_freq_factor {}, got {}", low_freq_factor, high_freq_factor);
  faults.expect(type != "yarn" || theta > 1, "rope_theta: expected above 1 for yarn, got {}", theta);
}

Rope::Rope(RopeConfig config, int64_t head_dim, int64_t max_position_embeddings)
    : config_(std::move(config)), head_dim_(head_dim), max_positions_(max_position_embeddings) {
  if (config_.type == "yarn") attention_factor_ = yarn_attention_factor(config_);
  const WithMemory with_memory;
  frequencies_ = frequencies(max_positions_);
}

double Rope::original_length() const {
  return static_cast<double>(config_.original_max_position_embeddings.value_or(max_positions_));
}

Tensor Rope::frequencies(int64_t length) const {
  if (!config_.divisors.empty()) {
    const Tensor divisors = torch::tensor(config_.divisors, torch::kFloat);
    check(divisors.numel() == head_dim_ / 2, "rope: expected {} divisors of frequencies, got {}", head_dim_ / 2, divisors.numel());
    return plain_frequencies(config_.theta) / divisors;
  }
  if (config_.type == "linear") return plain_frequencies(config_.theta) / config_.factor;
  if (config_.type == "llama3") return llama3_frequencies();
  if (config_.type == "yarn") return yarn_frequencies();
  if (config_.type == "dynamic" && length > max_positions_) {
    const double stretch =
        config_.factor * static_cast<double>(length) / static_cast<double>(max_positions_) - (config_.factor - 1);
    const double dim = static_cast<double>(head_dim_);
    return plain_frequencies(config_.theta * std::pow(stretch, dim / (dim - 2)));
  }
  return plain_frequencies(config_.theta);
}

Tensor Rope::plain_frequencies(double theta) const {
  const Tensor exponents = torch::arange(0, head_dim_, 2, torch::kFloat) / static_cast<double>(head_dim_);
  return torch::reciprocal(torch::pow(theta, exponents));
}

// Long waves are stretched, short ones kept, those between blended (Llama 3.1).
Tensor Rope::llama3_frequencies() const {
  const Tensor plain = plain_frequencies(config_.theta);
  const Tensor turns = original_length() * plain / (2 * std::numbers::pi);  // of each wave within the trained length
  const Tensor blend = ((turns - config_.low_freq_factor) / (config_.high_freq_factor - config_.low_freq_factor)).clamp(0, 1);
  return plain * (blend + (1 - blend) / config_.factor);
}

// Dimensions that turn often keep their frequency, slow ones are interpolated, a linear ramp between (YaRN, section 3.2).
Tensor Rope::yarn_frequencies() const {
  const double dim = static_cast<double>(head_dim_);
  const auto dimension_of = [&](double turns) {
    return dim * std::log(original_length() / (turns * 2 * std::numbers::pi)) / (2 * std::log(config_.theta));
  };
  double low = dimension_of(config_.beta_fast);
  double high = dimension_of(config_.beta_slow);
  if (config_.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high) high += 0.001;
  const Tensor interpolate = ((torch::arange(head_dim_ / 2, torch::kFloat) - low) / (high - low)).clamp(0, 1);
  const Tensor plain = plain_frequencies(config_.theta);
  return plain * (1 - interpolate) + plain / config_.factor * interpolate;
}

RopeAngles Rope::angles(const Tensor& positions, int64_t length, torch::Dtype dtype) const {
  const bool stretched = config_.type == "dynamic" && length > max_positions_;
  const Tensor turn = (stretched ? frequencies(length) : frequencies_).to(positions.device());
  const Tensor half = positions.to(torch::kFloat).unsqueeze(-1) * turn;  // [..., T, D/2]
  const Tensor angle = torch::cat({half, half}, -1);                     // [..., T, D]
  return {(angle.cos() * attention_factor_).to(dtype), (angle.sin() * attention_factor_).to(dtype)};
}

Tensor rotate(const Tensor& x, const RopeAngles& angles) {
  const bool batched = angles.cos.dim() == 3;  // [B, T, D]: the heads are broadcast over
  const auto halves_of = [](const Tensor& y) { return y.chunk(2, -1); };
  const auto cos = halves_of(batched ? angles.cos.unsqueeze(1) : angles.cos);
  const auto sin = halves_of(batched ? angles.sin.unsqueeze(1) : angles.sin);
  const auto halves = halves_of(x);
  return torch::cat(
      {torch::addcmul(halves[0] * cos[0], halves[1], sin[0], -1), torch::addcmul(halves[1] * cos[1], halves[0], sin[1])}, -1);
}

}  // namespace omma
