// What is wrong with a data set, sample by sample.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"

namespace omma {

enum class DatasetFault {
  malformed_record,  // not the format: sample left out
  duplicate_id,      // second use of an id or key: the later record left out
  unknown_picture,   // a label for a picture that is not listed: label left out
  unknown_class,     // label left out
  malformed_box,     // not four finite numbers: box left out
  empty_box,         // no area: box left out
  box_outside,       // past the border: clipped
  malformed_mask,    // no polygons of three finite points, no run lengths: mask, or the polygon among others, left out
  empty_mask,        // not one pixel in the picture: mask left out
  mask_size,         // run lengths of another size than the picture: mask left out
  mask_outside,      // a polygon past the border: cut off
  crossing_polygon,  // it crosses itself: drawn all the same
  box_disagrees,     // the box beside a mask is another than the one around it: the mask counts
  phrase_not_found,  // the caption does not hold it: box left out
  missing_picture,   // left out when it is found: at the latest when the picture is asked for, or by validate()
  unreadable_picture,
  size_mismatch,    // the labels are of another size than the picture: picture left out
  inexact_size,     // they are, but turned by a quarter or off by a pixel or two: boxes count as the upright picture's
  missing_pair,     // a picture without a text, or a text without a picture: sample left out
  malformed_text,   // a caption, question or answer that is not text: left out
  blank_text,       // nothing but spaces: left out
  interleaved_key,  // members of a shard's sample after those of another: left out
  refused_member,   // of a shard: a link, a device, a name that leads out...: left out
  broken_shard,     // unreadable or cut short: what stands before the fault is kept
  empty_shard,      // without samples
  missing_shard,
  wrong_turns,  // of a dialogue, not of a human and gpt in turns: sample left out
  image_token,  // a picture without one <image> in the first text, or an <image> without a picture: sample left out
};
inline constexpr std::size_t dataset_fault_count = 28;

std::string_view name_of(DatasetFault fault);

struct DatasetIssue {
  DatasetFault fault;
  std::string sample;   // the sample's key, or file and line, or the shard, where there is none
  std::string message;  // what was expected and found
};

// What is wrong with a sample whose picture was asked for.
class SampleFault : public std::invalid_argument {
 public:
  SampleFault(DatasetFault fault, const std::string& message) : std::invalid_argument(message), fault_(fault) {}
  DatasetFault fault() const { return fault_; }

 private:
  DatasetFault fault_;
};

// How many of something there are, and how many of these were left out.
struct LeftOutCount {
  std::size_t all = 0;
  std::size_t left_out = 0;
  double share() const { return all == 0 ? 0 : static_cast<double>(left_out) / static_cast<double>(all); }
};

// Counts of all faults and the first `max_issues` of them in words. Not thread-safe to add to.
class DatasetReport {
 public:
  static constexpr std::size_t max_issues = 10'000;

  void add(DatasetFault fault, std::string sample, std::string message);
  void append(const DatasetReport& other);

  // What the data list: records (pictures, captions, questions) and objects (boxes, masks), the faulty ones among them. A fault
  // that costs nothing, as a box that is clipped, is told and leaves nothing out.
  void count_records(std::size_t all, std::size_t left_out);
  void count_objects(std::size_t all, std::size_t left_out);
  const LeftOutCount& records() const { return records_; }
  const LeftOutCount& objects() const { return objects_; }

  // What is listed and cannot be used: told, and counted as one that is left out.
  void leave_out_record(DatasetFault fault, std::string sample, std::string message);
  void leave_out_object(DatasetFault fault, std::string sample, std::string message);

  // The larger of the two shares: what `max_fault_share` bounds.
  double fault_share() const { return std::max(records_.share(), objects_.share()); }

  std::size_t count(DatasetFault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  std::size_t total() const;
  const std::vector<DatasetIssue>& issues() const { return issues_; }

  // "1 unknown_class, 3 box_outside": one line for a log; "" where nothing is wrong.
  std::string summary() const;
  // The summary and the first issue: ": 3 empty_box; first a.png: box ..."; "" where nothing is wrong.
  std::string explanation() const;
  // {"total": n, "fault_share": x, "counts": {fault: n}, "issues": [{"fault", "sample", "message"}]}
  json to_json() const;

 private:
  std::array<std::size_t, dataset_fault_count> counts_{};
  std::vector<DatasetIssue> issues_;
  LeftOutCount records_, objects_;
};

// Throws std::invalid_argument that begins with `where` and ends with the explanation where nothing is `usable`, or a larger share
// of the records or objects than this was left out; never where that is 1. `unit` names what is usable: "sample", "box".
void check_faults(const DatasetReport& report, std::size_t usable, std::string_view unit, double max_fault_share,
                  std::string_view where);

// A warning in the log where anything is wrong.
void log_faults(const DatasetReport& report, std::string_view where);

}  // namespace omma
