#include "omma/vision/boxes.h"

#include <cmath>
#include <cstddef>
#include <numeric>

#include "omma/base/error.h"

namespace omma {

float intersection_over_union(const Box& a, const Box& b) {
  const Box common{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
  const float together = a.area() + b.area() - common.area();
  return together > 0 ? common.area() / together : 0;
}

std::vector<int> non_maximum_suppression(std::span<const Box> boxes, std::span<const float> scores, float threshold) {
  check(boxes.size() == scores.size(), "non-maximum suppression: {} boxes but {} scores", boxes.size(), scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    check(!std::isnan(scores[i]), "non-maximum suppression: scores[{}] is not a number", i);
  std::vector<int> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [](auto list, int i) -> decltype(auto) { return list[static_cast<std::size_t>(i)]; };
  std::ranges::stable_sort(order, [&](int a, int b) { return at(scores, a) > at(scores, b); });
  std::vector<int> kept;
  for (const int candidate : order) {
    const bool covered = std::ranges::any_of(
        kept, [&](int winner) { return intersection_over_union(at(boxes, winner), at(boxes, candidate)) > threshold; });
    if (!covered) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace omma
