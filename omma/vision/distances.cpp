// The exact Euclidean distance transform in linear time: Meijster, Roerdink and Hesselink, "A general algorithm for computing
// distance transforms in linear time" (2000), in whole numbers. First down the columns, then along the rows, where a pixel's square
// is the least of (x - i)^2 + column(i)^2: the lower envelope of one parabola a column.
#include <algorithm>
#include <limits>

#include "omma/vision/mask_regions.h"

namespace omma {
namespace {

constexpr std::int64_t no_distance = std::numeric_limits<std::int64_t>::max();

// Of each pixel the distance to the nearest one of its column that is not set; the sides' sum, more than any other distance, where
// there is none.
std::vector<int> column_distances(const Mask& mask) {
  std::vector<int> distances(mask.data.size());
  const std::size_t width = static_cast<std::size_t>(mask.width);
  const int far = mask.width + mask.height;
  for (std::size_t i = 0; i < distances.size(); ++i)
    if (mask.data[i] != 0) distances[i] = i < width ? far : std::min(far, distances[i - width] + 1);
  for (std::size_t i = distances.size(); i-- > width;) distances[i - width] = std::min(distances[i - width], distances[i] + 1);
  return distances;
}

class RowEnvelope {
 public:
  explicit RowEnvelope(int width) : width_(width), sites_(static_cast<std::size_t>(width)), begins_(sites_.size()) {}

  // Of one row, from its column distances.
  void squares(const int* columns, std::int64_t* result) {
    const auto square = [columns](std::int64_t x, std::int64_t site) {
      return (x - site) * (x - site) + static_cast<std::int64_t>(columns[site]) * columns[site];
    };
    std::size_t size = 0;
    for (int x = 0; x < width_; ++x) {
      while (size > 0 && square(begins_[size - 1], sites_[size - 1]) > square(begins_[size - 1], x)) --size;
      const std::int64_t begin = size == 0 ? 0 : 1 + last_nearer(columns, sites_[size - 1], x);
      if (begin >= width_) continue;
      sites_[size] = x;
      begins_[size++] = static_cast<int>(begin);
    }
    for (int x = width_; x-- > 0;) {
      result[x] = square(x, sites_[size - 1]);
      if (x == begins_[size - 1]) --size;
    }
  }

 private:
  // The last x whose square from `left` is no more than that from `right`.
  static std::int64_t last_nearer(const int* columns, std::int64_t left, std::int64_t right) {
    const std::int64_t a = columns[left], b = columns[right];
    return (right * right - left * left + b * b - a * a) / (2 * (right - left));
  }

  int width_;
  std::vector<int> sites_, begins_;  // the parabolas of the envelope, and where each begins to be the lowest
};

Mask with_margin(const Mask& mask) {
  Mask padded(mask.width + 2, mask.height + 2);
  for (int y = 0; y < mask.height; ++y)
    std::copy_n(mask.data.begin() + static_cast<std::ptrdiff_t>(y) * mask.width, mask.width, &padded.at(1, y + 1));
  return padded;
}

}  // namespace

std::vector<std::int64_t> squared_distances(const Mask& mask, BorderRule border) {
  if (mask.data.empty()) return {};
  const bool padded = border == BorderRule::boundary;
  std::vector<std::int64_t> result(mask.data.size(), no_distance);
  if (!padded && std::ranges::find(mask.data, 0) == mask.data.end()) return result;
  const Mask source = padded ? with_margin(mask) : mask;
  const std::vector<int> columns = column_distances(source);
  const std::size_t stride = static_cast<std::size_t>(source.width), margin = padded ? 1 : 0;
  const std::size_t width = static_cast<std::size_t>(mask.width);
  RowEnvelope envelope(source.width);
  std::vector<std::int64_t> row(stride);
  for (std::size_t y = 0; y < static_cast<std::size_t>(mask.height); ++y) {
    envelope.squares(&columns[(y + margin) * stride], row.data());
    std::copy_n(row.begin() + static_cast<std::ptrdiff_t>(margin), width, result.begin() + static_cast<std::ptrdiff_t>(y * width));
  }
  return result;
}

std::optional<Pixel> innermost_pixel(const Mask& mask) {
  const std::vector<std::int64_t> squares = squared_distances(mask, BorderRule::boundary);
  const auto deepest = std::ranges::max_element(squares);
  if (deepest == squares.end() || *deepest == 0) return std::nullopt;
  const auto place = deepest - squares.begin();
  return Pixel{static_cast<int>(place % mask.width), static_cast<int>(place / mask.width)};
}

}  // namespace omma
