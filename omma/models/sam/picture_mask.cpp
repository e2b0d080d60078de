#include "omma/models/sam/picture_mask.h"

#include <algorithm>
#include <array>
#include <vector>

#include "omma/base/error.h"

namespace omma::sam {
namespace {

// Where an output's value lies between two inputs: first + (second - first) share.
struct Between {
  int first = 0, second = 0;
  float share = 0;
};

// Of `outputs` values over `inputs`, as interpolate(mode="bilinear", align_corners=False) places them.
std::vector<Between> places_of(int inputs, int outputs) {
  std::vector<Between> places(static_cast<std::size_t>(outputs));
  const float scale = static_cast<float>(inputs) / static_cast<float>(outputs);
  for (int i = 0; i < outputs; ++i) {
    const float at = std::max(0.F, (static_cast<float>(i) + 0.5F) * scale - 0.5F);
    const int first = std::min(static_cast<int>(at), inputs - 1);
    places[static_cast<std::size_t>(i)] = {first, std::min(first + 1, inputs - 1), at - static_cast<float>(first)};
  }
  return places;
}

float mixed(float first, float second, float share) { return first * (1 - share) + second * share; }

void mix_rows(const float* first, const float* second, float share, std::span<float> row) {
  for (std::size_t x = 0; x < row.size(); ++x) row[x] = mixed(first[x], second[x], share);
}

void stretch(const float* row, std::span<const Between> places, std::span<float> stretched) {
  for (std::size_t x = 0; x < stretched.size(); ++x)
    stretched[x] = mixed(row[places[x].first], row[places[x].second], places[x].share);
}

// The frame's rows, of which neighbours are asked for: the last two are kept.
class FrameRows {
 public:
  FrameRows(std::span<const float> logits, int logits_side, const FrameGeometry& geometry)
      : logits_(logits),
        side_(logits_side),
        down_(places_of(logits_side, geometry.side)),
        across_(places_of(logits_side, geometry.side)),
        mixed_(static_cast<std::size_t>(logits_side)) {
    across_.resize(static_cast<std::size_t>(geometry.filled.width));
    for (Kept& kept : kept_) kept.values.resize(across_.size());
  }

  const float* operator[](int y) {
    Kept& kept = kept_[static_cast<std::size_t>(y % 2)];
    if (kept.y != y) {
      const Between& place = down_[static_cast<std::size_t>(y)];
      const auto row = [&](int i) { return logits_.data() + static_cast<std::ptrdiff_t>(i) * side_; };
      mix_rows(row(place.first), row(place.second), place.share, mixed_);
      stretch(mixed_.data(), across_, kept.values);
      kept.y = y;
    }
    return kept.values.data();
  }

 private:
  struct Kept {
    int y = -1;
    std::vector<float> values;
  };
  std::span<const float> logits_;
  int side_;
  std::vector<Between> down_, across_;
  std::vector<float> mixed_;
  std::array<Kept, 2> kept_;
};

}  // namespace

SegmentedMask picture_mask(std::span<const float> logits, int logits_side, const FrameGeometry& geometry, float stability_offset) {
  check(std::ssize(logits) == std::int64_t{logits_side} * logits_side, "picture mask: expected {} x {} logits, got {}", logits_side,
        logits_side, logits.size());
  const Size picture = geometry.picture, filled = geometry.filled;
  FrameRows frame(logits, logits_side, geometry);
  const std::vector<Between> down = places_of(filled.height, picture.height), across = places_of(filled.width, picture.width);
  std::vector<float> between(static_cast<std::size_t>(filled.width)), row(static_cast<std::size_t>(picture.width));
  Mask mask(picture.width, picture.height);
  std::int64_t sure = 0, possible = 0;
  for (int y = 0; y < picture.height; ++y) {
    const Between& place = down[static_cast<std::size_t>(y)];
    const float *above = frame[place.first], *below = frame[place.second];
    mix_rows(above, below, place.share, between);
    stretch(between.data(), across, row);
    std::uint8_t* set = &mask.at(0, y);
    int sure_here = 0, possible_here = 0;
    for (std::size_t x = 0; x < row.size(); ++x) {
      set[x] = row[x] > 0 ? 1 : 0;
      sure_here += row[x] > stability_offset ? 1 : 0;
      possible_here += row[x] > -stability_offset ? 1 : 0;
    }
    sure += sure_here;
    possible += possible_here;
  }
  SegmentedMask result;
  result.mask = encode(mask);
  result.box = bounding_box(mask);
  result.stability = possible > 0 ? static_cast<float>(static_cast<double>(sure) / static_cast<double>(possible)) : 0;
  return result;
}

}  // namespace omma::sam
