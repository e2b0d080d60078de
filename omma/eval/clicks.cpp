#include "omma/eval/clicks.h"

#include <algorithm>

#include "omma/vision/mask_regions.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

// Only the region's own box is decoded: beyond it nothing is set, so its border is a boundary as the picture's is.
std::optional<PointPrompt> click_inside(const RunLengths& region, bool foreground) {
  const Box box = bounding_box(region);
  const auto left = static_cast<int>(box.x0), top = static_cast<int>(box.y0);
  const auto width = static_cast<int>(box.width()), height = static_cast<int>(box.height());
  if (width == 0) return std::nullopt;
  const std::optional<Pixel> pixel = innermost_pixel(decode(place(region, -left, -top, width, height)));
  return PointPrompt{static_cast<float>(left + pixel->x), static_cast<float>(top + pixel->y), foreground};
}

// The pixel set that has so many others before it, down the columns.
Pixel nth_pixel(const RunLengths& mask, std::int64_t n) {
  for (SetRuns run(mask); !run.done(); run.advance()) {
    const std::int64_t length = run.end() - run.begin();
    if (n < length) {
      const std::int64_t position = run.begin() + n;
      return {static_cast<int>(position / mask.height), static_cast<int>(position % mask.height)};
    }
    n -= length;
  }
  return {};
}

}  // namespace

std::optional<PointPrompt> first_click(const RunLengths& truth) { return click_inside(truth, true); }

std::optional<PointPrompt> next_click(const RunLengths& truth, const RunLengths& found) {
  RunLengths largest;
  std::int64_t most = 0;
  bool foreground = true;
  for (const bool missing : {true, false}) {
    const RunLengths wrong = missing ? difference_of(truth, found) : difference_of(found, truth);
    for (RunLengths& region : connected_regions(wrong, Connectivity::eight)) {
      const std::int64_t size = area(region);
      if (size <= most) continue;
      most = size;
      foreground = missing;
      largest = std::move(region);
    }
  }
  if (most == 0) return std::nullopt;
  return click_inside(largest, foreground);
}

std::optional<PointPrompt> random_click(const RunLengths& truth, const RunLengths& found, Rng& rng) {
  const bool first = found.width == 0;
  const RunLengths missing = first ? truth : difference_of(truth, found),
                   too_much = first ? RunLengths() : difference_of(found, truth);
  const std::int64_t foreground = area(missing), wrong = foreground + area(too_much);
  if (wrong == 0) return std::nullopt;
  const auto n = std::min(wrong - 1, static_cast<std::int64_t>(rng.uniform() * static_cast<double>(wrong)));
  const Pixel pixel = n < foreground ? nth_pixel(missing, n) : nth_pixel(too_much, n - foreground);
  return PointPrompt{static_cast<float>(pixel.x), static_cast<float>(pixel.y), n < foreground};
}

}  // namespace omma
