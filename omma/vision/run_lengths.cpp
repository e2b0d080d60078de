#include "omma/vision/run_lengths.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "omma/base/error.h"

namespace omma {
namespace {

void check_same_size(const RunLengths& a, const RunLengths& b) {
  check(a.width == b.width && a.height == b.height, "run lengths: expected masks of one size, got {} x {} and {} x {}", a.width,
        a.height, b.width, b.height);
}

template <class Visit>
void for_each_common_run(const RunLengths& a, const RunLengths& b, Visit&& visit) {
  check_same_size(a, b);
  SetRuns in_a(a), in_b(b);
  while (!in_a.done() && !in_b.done()) {
    const std::int64_t begin = std::max(in_a.begin(), in_b.begin()), end = std::min(in_a.end(), in_b.end());
    if (begin < end) visit(begin, end);
    (in_a.end() <= in_b.end() ? in_a : in_b).advance();
  }
}

}  // namespace

void RunBuilder::append(std::int64_t begin, std::int64_t end) {
  if (begin >= end) return;
  if (begin > end_) {
    write_run();
    begin_ = begin;
  }
  end_ = std::max(end_, end);
}

void RunBuilder::write_run() {
  if (begin_ == end_) return;
  runs_.counts.push_back(static_cast<std::uint32_t>(begin_ - written_));
  runs_.counts.push_back(static_cast<std::uint32_t>(end_ - begin_));
  written_ = end_;
}

RunLengths RunBuilder::finish() && {
  write_run();
  const std::int64_t total = static_cast<std::int64_t>(runs_.width) * runs_.height;
  if (written_ < total || runs_.counts.empty()) runs_.counts.push_back(static_cast<std::uint32_t>(total - written_));
  return std::move(runs_);
}

Box bounding_box(const RunLengths& runs) {
  std::int64_t left = runs.width, right = 0, top = runs.height, bottom = 0;
  for (SetRuns run(runs); !run.done(); run.advance()) {
    const std::int64_t first = run.begin() / runs.height, last = (run.end() - 1) / runs.height;
    left = std::min(left, first);
    right = std::max(right, last + 1);
    const bool one_column = first == last;  // else it passes a column's foot and the next one's head
    top = std::min(top, one_column ? run.begin() - first * runs.height : 0);
    bottom = std::max(bottom, one_column ? run.end() - first * runs.height : runs.height);
  }
  if (right == 0) return {};
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right), static_cast<float>(bottom)};
}

std::int64_t intersection_area(const RunLengths& a, const RunLengths& b) {
  std::int64_t both = 0;
  for_each_common_run(a, b, [&](std::int64_t begin, std::int64_t end) { both += end - begin; });
  return both;
}

double intersection_over_union(const RunLengths& a, const RunLengths& b) {
  const std::int64_t both = intersection_area(a, b), either = area(a) + area(b) - both;
  return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 0;
}

RunLengths intersection_of(const RunLengths& a, const RunLengths& b) {
  RunBuilder both(a.width, a.height);
  for_each_common_run(a, b, [&](std::int64_t begin, std::int64_t end) { both.append(begin, end); });
  return std::move(both).finish();
}

RunLengths complement(const RunLengths& runs) {
  RunBuilder rest(runs.width, runs.height);
  std::int64_t begin = 0;
  for (SetRuns run(runs); !run.done(); run.advance()) {
    rest.append(begin, run.begin());
    begin = run.end();
  }
  rest.append(begin, static_cast<std::int64_t>(runs.width) * runs.height);
  return std::move(rest).finish();
}

RunLengths union_of(std::span<const RunLengths> masks) {
  check(!masks.empty(), "union of masks: expected at least one");
  std::vector<std::pair<std::int64_t, std::int64_t>> set;
  for (const RunLengths& mask : masks) {
    check_same_size(masks.front(), mask);
    for (SetRuns run(mask); !run.done(); run.advance()) set.emplace_back(run.begin(), run.end());
  }
  std::ranges::sort(set);
  RunBuilder either(masks.front().width, masks.front().height);
  for (const auto& [begin, end] : set) either.append(begin, end);
  return std::move(either).finish();
}

RunLengths difference_of(const RunLengths& a, const RunLengths& b) {
  check_same_size(a, b);
  RunBuilder rest(a.width, a.height);
  SetRuns taken(b);
  for (SetRuns run(a); !run.done(); run.advance()) {
    std::int64_t begin = run.begin();
    for (; !taken.done() && taken.begin() < run.end(); taken.advance()) {
      rest.append(begin, taken.begin());
      begin = std::max(begin, taken.end());
      if (taken.end() > run.end()) break;  // it reaches into the runs to come
    }
    rest.append(begin, run.end());
  }
  return std::move(rest).finish();
}

RunLengths place(const RunLengths& runs, int left, int top, int width, int height) {
  check(width >= 1 && height >= 1 && static_cast<std::int64_t>(width) * height <= std::numeric_limits<std::int32_t>::max(),
        "place: expected a canvas of 1 to 2^31 pixels, got {} x {}", width, height);
  RunBuilder placed(width, height);
  for (SetRuns run(runs); !run.done(); run.advance()) {
    std::int64_t last = (run.end() - 1) / runs.height;
    last = std::min(last, std::int64_t{width} - 1 - left);
    for (std::int64_t x = std::max(run.begin() / runs.height, -std::int64_t{left}); x <= last; ++x) {
      const std::int64_t column = x * runs.height;
      const std::int64_t begin = std::max(run.begin() - column, std::int64_t{0}) + top;
      const std::int64_t end = std::min(run.end() - column, std::int64_t{runs.height}) + top;
      const std::int64_t target = (x + left) * height;
      placed.append(target + std::clamp<std::int64_t>(begin, 0, height), target + std::clamp<std::int64_t>(end, 0, height));
    }
  }
  return std::move(placed).finish();
}

}  // namespace omma
