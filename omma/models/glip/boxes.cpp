#include "omma/models/glip/boxes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace omma::glip {
namespace {

constexpr float centre_weight = 10, side_weight = 5;  // the regression's numbers are of these parts of the square
const float most_growth = std::log(1000.F / 16);      // of a side, as a logarithm

int64_t stride_of(std::size_t level) { return int64_t{8} << level; }

float probability_of(std::span<const float> tokens, Aggregate aggregate) {
  if (aggregate == Aggregate::largest) return *std::ranges::max_element(tokens);
  return std::accumulate(tokens.begin(), tokens.end(), 0.F) / static_cast<float>(tokens.size());
}

// One side of a box, from the square's centre and size.
std::pair<float, float> decoded_side(float centre, float size, float shift, float growth, int limit) {
  const float middle = centre + shift / centre_weight * size;
  const float half = std::exp(std::min(growth / side_weight, most_growth)) * size / 2;
  return {std::clamp(middle - half, 0.F, static_cast<float>(limit - 1)), std::clamp(middle + half, 1.F, static_cast<float>(limit))};
}

Box decoded(const float* regression, std::size_t level, int64_t place, int64_t columns, float size, Size filled) {
  const auto middle = [&](int64_t cell) { return (static_cast<float>(cell) + 0.5F) * static_cast<float>(stride_of(level)); };
  const auto [x0, x1] = decoded_side(middle(place % columns), size, regression[0], regression[2], filled.width);
  const auto [y0, y1] = decoded_side(middle(place / columns), size, regression[1], regression[3], filled.height);
  return {.x0 = x0, .y0 = y0, .x1 = x1, .y1 = y1};
}

bool by_falling_score(const FoundBox& a, const FoundBox& b) { return a.score > b.score; }

// The best of a level, by falling score; without boxes.
std::vector<FoundBox> best_of_level(const LevelOutput& output, std::size_t level,
                                    std::span<const std::pair<int64_t, int64_t>> names, Aggregate aggregate, const Config& config) {
  const Tensor probabilities = output.logits.sigmoid().contiguous(), centres = output.centerness.sigmoid().contiguous();
  const auto* row = probabilities.const_data_ptr<float>();
  const auto* centre = centres.const_data_ptr<float>();
  const auto least = static_cast<float>(config.score_threshold);
  std::vector<FoundBox> found;
  for (int64_t place = 0; place < probabilities.size(0); ++place, row += probabilities.size(1)) {
    for (std::size_t name = 0; name < names.size(); ++name) {
      const auto [begin, end] = names[name];
      const float probability = probability_of({row + begin, static_cast<std::size_t>(end - begin)}, aggregate);
      if (probability > least)
        found.push_back({.box = {}, .score = std::sqrt(probability * centre[place]), .name = name, .level = level, .place = place});
    }
  }
  const auto most = std::min(found.size(), static_cast<std::size_t>(config.pre_nms_top_n));
  std::stable_sort(found.begin(), found.end(), by_falling_score);
  found.resize(most);
  return found;
}

// Within each name.
std::vector<FoundBox> without_overlaps(const std::vector<FoundBox>& found, float threshold) {
  std::map<std::size_t, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < found.size(); ++i) by_name[found[i].name].push_back(i);
  std::vector<FoundBox> kept;
  for (const auto& [name, places] : by_name) {
    std::vector<Box> boxes;
    std::vector<float> scores;
    for (const std::size_t i : places) {
      boxes.push_back(found[i].box);
      scores.push_back(found[i].score);
    }
    for (const int i : non_maximum_suppression(boxes, scores, threshold))
      kept.push_back(found[places[static_cast<std::size_t>(i)]]);
  }
  std::stable_sort(kept.begin(), kept.end(), by_falling_score);
  return kept;
}

}  // namespace

std::vector<FoundBox> find_boxes(std::span<const LevelOutput> outputs, std::span<const std::pair<int64_t, int64_t>> names,
                                 Aggregate aggregate, const Config& config, Size padded, Size filled) {
  std::vector<FoundBox> found;
  for (std::size_t level = 0; level < outputs.size(); ++level) {
    const Tensor regression = outputs[level].regression.contiguous();
    const int64_t stride = stride_of(level), columns = (padded.width + stride - 1) / stride;
    for (FoundBox& each : best_of_level(outputs[level], level, names, aggregate, config)) {
      each.box = decoded(regression.const_data_ptr<float>() + 4 * each.place, level, each.place, columns,
                         static_cast<float>(config.anchor_sizes[level]), filled);
      found.push_back(each);
    }
  }
  found = without_overlaps(found, static_cast<float>(config.nms_threshold));
  const auto most = static_cast<std::size_t>(config.detections_per_image);
  if (found.size() > most) {
    const float last = found[most - 1].score;
    std::erase_if(found, [&](const FoundBox& each) { return each.score < last; });
  }
  return found;
}

Box in_picture(const Box& box, Size filled, Size picture) {
  const auto scaled = [](float pixel, int from, int to) { return pixel * (static_cast<float>(to) / static_cast<float>(from)); };
  const auto far = [&](float edge, int from, int to) { return std::min(scaled(edge - 1, from, to) + 1, static_cast<float>(to)); };
  return {.x0 = scaled(box.x0, filled.width, picture.width),
          .y0 = scaled(box.y0, filled.height, picture.height),
          .x1 = far(box.x1, filled.width, picture.width),
          .y1 = far(box.y1, filled.height, picture.height)};
}

}  // namespace omma::glip
