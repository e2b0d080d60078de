// Masks as run lengths, joined, compared and moved without a pixel being decoded: the cost is that of the runs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "omma/vision/mask.h"

namespace omma {

// The pixels set of a mask, run by run: [begin, end) of positions down the columns, position x height + y being pixel (x, y). Empty
// runs are passed over.
class SetRuns {
 public:
  explicit SetRuns(const RunLengths& runs) : counts_(runs.counts) { advance(); }

  bool done() const { return begin_ == end_; }
  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }
  void advance() {
    begin_ = end_;
    while (begin_ == end_ && next_ + 1 < counts_.size()) {
      begin_ = end_ + counts_[next_];
      end_ = begin_ + counts_[next_ + 1];
      next_ += 2;
    }
  }

 private:
  std::span<const std::uint32_t> counts_;
  std::size_t next_ = 0;  // the count of zeros before the run to come
  std::int64_t begin_ = 0, end_ = 0;
};

// The other way round: run lengths from runs of pixels set, given by rising begin. What touches or overlaps becomes one run, so
// that equal masks have equal counts, those of encode().
class RunBuilder {
 public:
  RunBuilder(int width, int height) : runs_{width, height, {}} {}

  void append(std::int64_t begin, std::int64_t end);
  RunLengths finish() &&;

 private:
  void write_run();

  RunLengths runs_;
  std::int64_t written_ = 0;          // positions that `runs_` covers
  std::int64_t begin_ = 0, end_ = 0;  // of the run that may still grow
};

// The tightest box around the pixels set; all 0 where none is.
Box bounding_box(const RunLengths& runs);

// Pixels set in both. Throws std::invalid_argument where the sizes differ, as all that follow do.
std::int64_t intersection_area(const RunLengths& a, const RunLengths& b);

// Pixels set in both over pixels set in either; 0 where both are empty.
double intersection_over_union(const RunLengths& a, const RunLengths& b);

RunLengths intersection_of(const RunLengths& a, const RunLengths& b);

RunLengths complement(const RunLengths& runs);  // what is not set

// What is set in any of them, of which there is at least one.
RunLengths union_of(std::span<const RunLengths> masks);

// What is set in `a` and not in `b`.
RunLengths difference_of(const RunLengths& a, const RunLengths& b);

// The mask on a canvas of width x height with its top left pixel at (left, top), which may lie outside; what passes the canvas'
// border is cut off. So a mask of a crop at (x, y) gets into its picture by place(crop, x, y, ...), and back by place(mask, -x, -y,
// ...).
RunLengths place(const RunLengths& runs, int left, int top, int width, int height);

}  // namespace omma
