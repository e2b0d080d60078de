#include "omma/jobs/instruct_summary.h"

#include <algorithm>

#include "omma/base/checksum.h"

namespace omma {
namespace {

constexpr std::size_t max_faults_listed = 1000;

}  // namespace

void InstructSummary::count(const InstructRecord& record) {
  Kind& kind = kinds_[static_cast<std::size_t>(record.kind)];
  if (!record.reply) {
    ++kind.faults;
    if (fault_list_.size() < max_faults_listed) fault_list_.push_back({{"id", record.id}, {"error", record.fault}});
    return;
  }
  cost_.add(*record.reply);
  ++kind.requests;
  kind.samples += !record.checked.rounds.empty();
  kind.rounds += std::ssize(record.checked.rounds);
  kind.refused += std::ssize(record.checked.refused);
  for (const RefusedRound& refused : record.checked.refused) ++reasons_[refused.reason];
  for (std::size_t verdict = 0; verdict < facts_.size(); ++verdict) facts_[verdict] += record.checked.facts[verdict];
}

void InstructSummary::add(InstructExample example) {
  if (example.records.empty()) return;
  ++pictures_;
  for (const InstructRecord& record : example.records) count(record);
  const std::uint64_t draw = checksum(example.records.front().id);
  examples_.emplace(draw, std::move(example));
  if (examples_.size() > max_examples) examples_.erase(std::prev(examples_.end()));
}

std::vector<const InstructExample*> InstructSummary::examples() const {
  std::vector<const InstructExample*> list;
  for (const auto& [draw, example] : examples_) list.push_back(&example);
  std::ranges::sort(list, {}, [](const InstructExample* example) { return example->index; });
  return list;
}

json InstructSummary::to_json() const {
  Kind all;
  json kinds = json::object();
  for (int i = 0; i < instruct_kind_count; ++i) {
    const Kind& kind = kinds_[static_cast<std::size_t>(i)];
    if (kind.requests + kind.faults == 0) continue;
    kinds[std::string(name_of(static_cast<InstructKind>(i)))] = {{"requests", kind.requests},
                                                                 {"samples", kind.samples},
                                                                 {"rounds", kind.rounds},
                                                                 {"refused", kind.refused},
                                                                 {"faults", kind.faults}};
    all.samples += kind.samples;
    all.rounds += kind.rounds;
    all.refused += kind.refused;
    all.faults += kind.faults;
  }
  return {{"pictures", pictures_},
          {"samples", all.samples},
          {"rounds", all.rounds},
          {"refused", {{"total", all.refused}, {"reasons", reasons_}}},
          {"requests", cost_.requests},
          {"prompt_tokens", cost_.prompt_tokens},
          {"tokens", cost_.tokens},
          {"kinds", std::move(kinds)},
          {"facts", {{"true", facts_[2]}, {"undecided", facts_[1]}, {"false", facts_[0]}}},
          {"faults", {{"total", all.faults}, {"list", fault_list_}}}};
}

}  // namespace omma
