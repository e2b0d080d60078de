#include "omma/data/dataset_report.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "omma/base/error.h"
#include "omma/base/log.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, dataset_fault_count> fault_names = {
    "malformed_record", "duplicate_id",     "unknown_picture", "unknown_class",      "malformed_box",  "empty_box",
    "box_outside",      "malformed_mask",   "empty_mask",      "mask_size",          "mask_outside",   "crossing_polygon",
    "box_disagrees",    "phrase_not_found", "missing_picture", "unreadable_picture", "size_mismatch",  "inexact_size",
    "missing_pair",     "malformed_text",   "blank_text",      "interleaved_key",    "refused_member", "broken_shard",
    "empty_shard",      "missing_shard",    "wrong_turns",     "image_token"};

}  // namespace

std::string_view name_of(DatasetFault fault) { return fault_names[static_cast<std::size_t>(fault)]; }

void DatasetReport::add(DatasetFault fault, std::string sample, std::string message) {
  ++counts_[static_cast<std::size_t>(fault)];
  if (issues_.size() < max_issues) issues_.push_back({fault, std::move(sample), std::move(message)});
}

void DatasetReport::append(const DatasetReport& other) {
  for (std::size_t i = 0; i < dataset_fault_count; ++i) counts_[i] += other.counts_[i];
  for (const DatasetIssue& issue : other.issues_)
    if (issues_.size() < max_issues) issues_.push_back(issue);
  count_records(other.records_.all, other.records_.left_out);
  count_objects(other.objects_.all, other.objects_.left_out);
}

void DatasetReport::count_records(std::size_t all, std::size_t left_out) {
  records_.all += all;
  records_.left_out += left_out;
}

void DatasetReport::count_objects(std::size_t all, std::size_t left_out) {
  objects_.all += all;
  objects_.left_out += left_out;
}

void DatasetReport::leave_out_record(DatasetFault fault, std::string sample, std::string message) {
  add(fault, std::move(sample), std::move(message));
  count_records(1, 1);
}

void DatasetReport::leave_out_object(DatasetFault fault, std::string sample, std::string message) {
  add(fault, std::move(sample), std::move(message));
  count_objects(1, 1);
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

std::string DatasetReport::explanation() const {
  if (issues_.empty()) return "";
  return fmt::format(": {}; first {}: {}", summary(), issues_.front().sample, issues_.front().message);
}

json DatasetReport::to_json() const {
  json counts = json::object(), issues = json::array();
  for (std::size_t i = 0; i < dataset_fault_count; ++i)
    if (counts_[i] > 0) counts[std::string(fault_names[i])] = counts_[i];
  for (const DatasetIssue& issue : issues_)
    issues.push_back({{"fault", name_of(issue.fault)}, {"sample", issue.sample}, {"message", issue.message}});
  return {{"total", total()}, {"fault_share", fault_share()}, {"counts", std::move(counts)}, {"issues", std::move(issues)}};
}

void check_faults(const DatasetReport& report, std::size_t usable, std::string_view unit, double max_fault_share,
                  std::string_view where) {
  if (max_fault_share >= 1) return;
  check(usable > 0, "{}: no usable {}{}", where, unit, report.explanation());
  for (const auto& [count, name] : {std::pair(report.records(), "records"), std::pair(report.objects(), "objects")})
    check(count.share() <= max_fault_share, "{}: {} of {} {} are faulty, over the limit of {:g} %{}", where, count.left_out,
          count.all, name, 100 * max_fault_share, report.explanation());
}

void log_faults(const DatasetReport& report, std::string_view where) {
  if (report.total() > 0) log_warning("{}{}", where, report.explanation());
}

}  // namespace omma
