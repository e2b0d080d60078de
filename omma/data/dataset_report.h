// What is wrong with a data set, sample by sample.
#pragma once

#include <array>
#include <cstddef>
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
  phrase_not_found,  // the caption does not hold it: box left out
  missing_picture,   // these three are found by validate()
  unreadable_picture,
  size_mismatch,    // picture and labels disagree about the size
  missing_pair,     // a picture without a text, or a text without a picture: sample left out
  malformed_text,   // a caption, question or answer that is not text: left out
  blank_text,       // nothing but spaces: left out
  interleaved_key,  // members of a shard's sample after those of another: left out
  refused_member,   // of a shard: a link, a device, a name that leads out...: left out
  broken_shard,     // unreadable or cut short: what stands before the fault is kept
  empty_shard,      // without samples
  missing_shard,
};
inline constexpr std::size_t dataset_fault_count = 19;

std::string_view name_of(DatasetFault fault);

struct DatasetIssue {
  DatasetFault fault;
  std::string sample;   // the sample's key, or file and line, or the shard, where there is none
  std::string message;  // what was expected and found
};

// Counts of all faults and the first `most_issues` of them in words. Not thread-safe to add to.
class DatasetReport {
 public:
  static constexpr std::size_t most_issues = 10'000;

  void add(DatasetFault fault, std::string sample, std::string message);
  void append(const DatasetReport& other);

  std::size_t count(DatasetFault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  std::size_t total() const;
  const std::vector<DatasetIssue>& issues() const { return issues_; }

  // "1 unknown_class, 3 box_outside": one line for a log; "" where nothing is wrong.
  std::string summary() const;
  // {"total": n, "counts": {fault: n}, "issues": [{"fault", "sample", "message"}]}
  json to_json() const;

 private:
  std::array<std::size_t, dataset_fault_count> counts_{};
  std::vector<DatasetIssue> issues_;
};

}  // namespace omma
