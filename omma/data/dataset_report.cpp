#include "omma/data/dataset_report.h"

#include <fmt/format.h>

#include <numeric>

namespace omma {
namespace {

constexpr std::array<std::string_view, dataset_fault_count> fault_names = {
    "malformed_record", "duplicate_id",    "unknown_picture",    "unknown_class", "malformed_box", "empty_box",      "box_outside",
    "phrase_not_found", "missing_picture", "unreadable_picture", "size_mismatch", "missing_pair",  "malformed_text", "blank_text",
    "interleaved_key",  "refused_member",  "broken_shard",       "empty_shard",   "missing_shard"};

}  // namespace

std::string_view name_of(DatasetFault fault) { return fault_names[static_cast<std::size_t>(fault)]; }

void DatasetReport::add(DatasetFault fault, std::string sample, std::string message) {
  ++counts_[static_cast<std::size_t>(fault)];
  if (issues_.size() < most_issues) issues_.push_back({fault, std::move(sample), std::move(message)});
}

void DatasetReport::append(const DatasetReport& other) {
  for (std::size_t i = 0; i < dataset_fault_count; ++i) counts_[i] += other.counts_[i];
  for (const DatasetIssue& issue : other.issues_)
    if (issues_.size() < most_issues) issues_.push_back(issue);
}

std::size_t DatasetReport::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0}); }

std::string DatasetReport::summary() const {
  std::string text;
  for (std::size_t i = 0; i < dataset_fault_count; ++i) {
    if (counts_[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts_[i], fault_names[i]);
  }
  return text;
}

json DatasetReport::to_json() const {
  json counts = json::object(), issues = json::array();
  for (std::size_t i = 0; i < dataset_fault_count; ++i)
    if (counts_[i] > 0) counts[std::string(fault_names[i])] = counts_[i];
  for (const DatasetIssue& issue : issues_)
    issues.push_back({{"fault", name_of(issue.fault)}, {"sample", issue.sample}, {"message", issue.message}});
  return {{"total", total()}, {"counts", std::move(counts)}, {"issues", std::move(issues)}};
}

}  // namespace omma
