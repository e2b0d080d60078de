#include "omma/recipes/grounding_dino/denoising.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace omma::grounding_dino {
namespace {

constexpr double kInverseSigmoidEps = 1e-3;  // as the decoder's own boxes

// Each corner moves by `low` to `high` times half the box's side, in either direction. CXCYWH, before the sigmoid.
std::array<float, 4> disturbed(const float* box, double low, double high, Rng& rng) {
  std::array<double, 4> corners;
  for (std::size_t i = 0; i < 4; ++i) {
    const double side = box[2 + i % 2], direction = rng.chance(0.5) ? 1 : -1;
    corners[i] = box[i % 2] + (i < 2 ? -0.5 : 0.5) * side + direction * rng.uniform(low, high) * side / 2;
    corners[i] = std::clamp(corners[i], 0.0, 1.0);
  }
  std::array<float, 4> result;
  for (std::size_t i = 0; i < 4; ++i) {
    const double low_corner = corners[i % 2], high_corner = corners[2 + i % 2];
    const double value = std::clamp(i < 2 ? (low_corner + high_corner) / 2 : high_corner - low_corner, 0.0, 1.0);
    result[i] = static_cast<float>(std::log(std::max(value, kInverseSigmoidEps) / std::max(1 - value, kInverseSigmoidEps)));
  }
  return result;
}

}  // namespace

Tensor denoising_mask(int64_t groups, int64_t group_size, int64_t ordinary_queries) {
  const int64_t denoising = groups * group_size, all = denoising + ordinary_queries;
  Tensor mask = torch::zeros({all, all}, torch::kBool);
  mask.slice(0, denoising, all).slice(1, 0, denoising).fill_(true);
  for (int64_t group = 0; group < groups; ++group) {
    Tensor rows = mask.slice(0, group * group_size, (group + 1) * group_size);
    rows.slice(1, 0, group * group_size).fill_(true);
    rows.slice(1, (group + 1) * group_size, denoising).fill_(true);
  }
  return mask;
}

DenoisingBatch make_denoising(const Targets& targets, const Tensor& text, int64_t ordinary_queries, const DenoisingOptions& options,
                              Rng& rng) {
  const int64_t samples = targets.samples(), tokens = text.size(1);
  const int64_t fullest = targets.counts.empty() ? 0 : *std::max_element(targets.counts.begin(), targets.counts.end());
  DenoisingBatch batch;
  if (fullest == 0 || options.queries == 0) return batch;
  batch.groups = std::max<int64_t>(1, options.queries / (2 * fullest));
  const int64_t group_size = 2 * fullest, size = batch.groups * group_size;
  batch.used = torch::zeros({samples, size});
  Tensor boxes = torch::zeros({samples, size, 4}), words = torch::zeros({samples, size, tokens});
  float* used = batch.used.mutable_data_ptr<float>();
  for (int64_t sample = 0, first = 0; sample < samples; first += targets.counts[static_cast<std::size_t>(sample++)]) {
    const auto phrases = static_cast<std::uint32_t>(targets.phrase_counts[static_cast<std::size_t>(sample)]);
    for (int64_t place = 0; place < size; ++place) {
      const int64_t in_group = place % group_size, target = first + in_group % fullest;
      const bool negative = in_group >= fullest;
      if (in_group % fullest >= targets.counts[static_cast<std::size_t>(sample)]) continue;
      const auto box = disturbed(targets.boxes.const_data_ptr<float>() + 4 * target, negative ? options.box_noise : 0,
                                 options.box_noise * (negative ? 2 : 1), rng);
      const int64_t at = sample * size + place;
      std::copy(box.begin(), box.end(), boxes.mutable_data_ptr<float>() + 4 * at);
      const float* row = targets.tokens.const_data_ptr<float>() + target * tokens;
      if (rng.chance(0.5 * options.label_noise))
        row =
            targets.phrase_tokens.const_data_ptr<float>() + (sample * targets.phrase_tokens.size(1) + rng.below(phrases)) * tokens;
      std::copy(row, row + tokens, words.mutable_data_ptr<float>() + at * tokens);
      used[at] = 1;
      if (negative) continue;
      batch.positives.push_back(at);
      batch.boxes.push_back(target);
    }
  }
  const Tensor mean = words / words.sum(-1, /*keepdim=*/true).clamp_min(1);
  batch.used = batch.used.to(text.device());
  batch.queries = {.content = torch::bmm(mean.to(text.device(), text.scalar_type()), text),
                   .boxes_unsigmoid = boxes.to(text.device()),
                   .attention_mask = denoising_mask(batch.groups, group_size, ordinary_queries).to(text.device())};
  return batch;
}

}  // namespace omma::grounding_dino
