#include "omma/vision/mask_regions.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

// Pixels set in one column, [top, bottom).
struct ColumnSpan {
  int x, top, bottom;
};

std::vector<ColumnSpan> column_spans(const RunLengths& mask) {
  std::vector<ColumnSpan> spans;
  for (SetRuns run(mask); !run.done(); run.advance()) {
    for (std::int64_t begin = run.begin(); begin < run.end();) {
      const std::int64_t x = begin / mask.height, foot = (x + 1) * mask.height, end = std::min(run.end(), foot);
      spans.push_back({static_cast<int>(x), static_cast<int>(begin - x * mask.height), static_cast<int>(end - x * mask.height)});
      begin = end;
    }
  }
  return spans;
}

// Sets of spans that hang together, each under the first of them.
class SpanSets {
 public:
  explicit SpanSets(std::size_t size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), std::size_t{0}); }

  std::size_t first_of(std::size_t span) {
    while (parents_[span] != span) span = parents_[span] = parents_[parents_[span]];
    return span;
  }
  void join(std::size_t a, std::size_t b) {
    a = first_of(a);
    b = first_of(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parents_;
};

// Joins spans of neighbouring columns that touch.
SpanSets joined_spans(const std::vector<ColumnSpan>& spans, Connectivity connectivity) {
  const int reach = connectivity == Connectivity::eight ? 1 : 0;
  SpanSets sets(spans.size());
  std::size_t left = 0;  // the first span of the column before that may touch this one or those to come
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto lies_before = [&](const ColumnSpan& other) {
      return other.x < spans[i].x - 1 || (other.x == spans[i].x - 1 && other.bottom + reach <= spans[i].top);
    };
    while (left < i && lies_before(spans[left])) ++left;
    for (std::size_t j = left; j < i && spans[j].x == spans[i].x - 1 && spans[j].top < spans[i].bottom + reach; ++j)
      sets.join(i, j);
  }
  return sets;
}

// OpenCV, whose labels the published function goes by, numbers regions by their first block of 2 x 2 pixels, row by row.
std::pair<std::int64_t, std::int64_t> first_block(const RunLengths& region) {
  std::pair<std::int64_t, std::int64_t> first{region.height, region.width};
  for (const ColumnSpan& span : column_spans(region)) first = std::min(first, {span.top / 2, span.x / 2});
  return first;
}

const RunLengths& largest(const std::vector<RunLengths>& regions) {
  return *std::ranges::min_element(regions, {},
                                   [](const RunLengths& region) { return std::make_tuple(-area(region), first_block(region)); });
}

}  // namespace

std::vector<RunLengths> connected_regions(const RunLengths& mask, Connectivity connectivity) {
  const std::vector<ColumnSpan> spans = column_spans(mask);
  SpanSets sets = joined_spans(spans, connectivity);
  std::vector<RunBuilder> builders;
  std::vector<std::size_t> builder_of(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const std::size_t first = sets.first_of(i);
    if (first == i) {
      builder_of[i] = builders.size();
      builders.emplace_back(mask.width, mask.height);
    }
    const std::int64_t column = static_cast<std::int64_t>(spans[i].x) * mask.height;
    builders[builder_of[first]].append(column + spans[i].top, column + spans[i].bottom);
  }
  std::vector<RunLengths> regions;
  regions.reserve(builders.size());
  for (RunBuilder& builder : builders) regions.push_back(std::move(builder).finish());
  return regions;
}

bool fill_small_holes(RunLengths& mask, std::int64_t min_area) {
  std::vector<RunLengths> filled = connected_regions(complement(mask), Connectivity::eight);
  std::erase_if(filled, [&](const RunLengths& hole) { return area(hole) >= min_area; });
  if (filled.empty()) return false;
  filled.push_back(std::move(mask));
  mask = union_of(filled);
  return true;
}

bool remove_small_islands(RunLengths& mask, std::int64_t min_area) {
  const std::vector<RunLengths> islands = connected_regions(mask, Connectivity::eight);
  std::vector<RunLengths> kept;
  std::ranges::copy_if(islands, std::back_inserter(kept), [&](const RunLengths& island) { return area(island) >= min_area; });
  if (kept.size() == islands.size()) return false;
  mask = kept.empty() ? largest(islands) : union_of(kept);
  return true;
}

}  // namespace omma
