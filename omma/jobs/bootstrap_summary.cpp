#include "omma/jobs/bootstrap_summary.h"

#include <algorithm>

#include "omma/base/checksum.h"

namespace omma {
namespace {

constexpr std::size_t max_faults_listed = 1000;

json share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? json() : json(static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

void BootstrapSummary::Texts::add(const JudgedText& text) {
  ++(text.kept ? kept : dropped);
  if (text.itm)
    ++histogram[std::min(bins - 1, static_cast<std::size_t>(*text.itm * bins))];
  else
    ++unjudged;
}

json BootstrapSummary::Texts::to_json() const {
  return {{"texts", kept + dropped}, {"kept", kept}, {"dropped", dropped}, {"unjudged", unjudged}, {"itm_histogram", histogram}};
}

void BootstrapSummary::add_fault(const BootstrapRecord& record) {
  ++faults_;
  ++fault_counts_[record.fault];
  if (fault_list_.size() < max_faults_listed)
    fault_list_.push_back({{"key", record.key}, {"fault", record.fault}, {"error", record.error}});
}

void BootstrapSummary::add(const BootstrapExample& example) {
  const BootstrapRecord& record = example.record;
  if (!record.fault.empty()) add_fault(record);
  if (!record.synthetic) return;
  const std::uint64_t key = checksum(record.key);
  ++samples_;
  repeated_keys_ += !keys_.insert(key).second;
  for (const JudgedText& text : record.web) web_.add(text);
  synthetic_.add(*record.synthetic);
  distinct_.insert(checksum(record.synthetic->text));
  if (!record.noise.empty() && record.web.size() == 1) ++known_[record.noise != "clean"][!record.keeps_web()];
  clean_samples_ += record.keeps_web() || record.synthetic->kept;

  BootstrapGroup& group = *std::ranges::find_if(groups_, [&](const BootstrapGroup& candidate) {
    return candidate.web_kept == record.keeps_web() && candidate.synthetic_kept == record.synthetic->kept;
  });
  ++group.samples;
  group.examples.emplace(key, example);
  if (group.examples.size() > BootstrapGroup::max_examples) group.examples.erase(std::prev(group.examples.end()));
}

json BootstrapSummary::to_json() const {
  const std::int64_t clean_texts = web_.kept + synthetic_.kept, dropped = web_.dropped + synthetic_.dropped;
  json object = {{"samples", samples_},
                 {"clean_samples", clean_samples_},
                 {"clean_texts", clean_texts},
                 {"noise_ratio", share(dropped, clean_texts + dropped)},
                 {"web", web_.to_json()},
                 {"synthetic", synthetic_.to_json()},
                 {"repeated_keys", repeated_keys_},
                 {"faults", {{"total", faults_}, {"counts", fault_counts_}, {"list", fault_list_}}}};
  object["synthetic"]["distinct"] = distinct_.size();
  const auto& [right, wrong] = known_;
  if (right[0] + right[1] + wrong[0] + wrong[1] > 0)
    object["web_filter"] = {{"wrong", wrong[0] + wrong[1]},
                            {"right", right[0] + right[1]},
                            {"precision", share(wrong[1], wrong[1] + right[1])},
                            {"recall", share(wrong[1], wrong[0] + wrong[1])}};
  return object;
}

}  // namespace omma
