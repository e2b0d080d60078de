#include "omma/eval/counting.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace omma {
namespace {

int most_frequent(const std::vector<Counted>& counted) {
  std::map<int, int> frequency;
  for (const Counted& one : counted) ++frequency[one.truth];
  return std::ranges::max_element(frequency, {}, &std::pair<const int, int>::second)->first;
}

// `said_of` tells what is said where the kind's question has this answer.
using SaidOf = std::function<std::optional<double>(const std::string& kind, const Counted& counted)>;

CountingMetrics metrics_of(const CountsByKind& counts, const SaidOf& said_of) {
  CountingMetrics metrics;
  std::size_t total = 0;
  for (const auto& [kind, counted] : counts) {
    total += counted.size();
    for (const Counted& one : counted) {
      const std::optional<double> said = said_of(kind, one);
      metrics.mean_error += std::abs(said.value_or(0) - one.truth);
      if (!said) continue;
      const double error = std::abs(std::round(*said) - one.truth);
      metrics.exact += error == 0;
      metrics.off_by_one += error <= 1;
      metrics.within_tenth += 10 * error <= one.truth;
    }
  }
  for (double* value : {&metrics.mean_error, &metrics.exact, &metrics.off_by_one, &metrics.within_tenth})
    *value /= static_cast<double>(std::max<std::size_t>(1, total));
  return metrics;
}

void write(const CountingMetrics& metrics, const std::string& prefix, json& object) {
  object[prefix + "mae"] = metrics.mean_error;
  object[prefix + "exact"] = metrics.exact;
  object[prefix + "off_by_one"] = metrics.off_by_one;
  object[prefix + "within_10_percent"] = metrics.within_tenth;
}

}  // namespace

CountingReport counting_report(const CountsByKind& counts, const TrainingCounts& training) {
  CountingReport report;
  std::map<std::string, int> blind;
  bool all_means_known = !counts.empty();
  for (const auto& [kind, counted] : counts) {
    report.asked += counted.size();
    for (const Counted& one : counted) report.unanswered += !one.said.has_value();
    if (!counted.empty()) blind[kind] = most_frequent(counted);
    all_means_known = all_means_known && training.means.contains(kind);
  }
  report.said = metrics_of(counts, [](const std::string&, const Counted& one) { return one.said; });
  report.most_frequent = metrics_of(counts, [&](const std::string& kind, const Counted&) { return blind.at(kind); });
  if (all_means_known)
    report.mean = metrics_of(counts, [&](const std::string& kind, const Counted&) { return training.means.at(kind); });
  return report;
}

json CountingReport::to_json() const {
  json object = {{"asked", asked}};
  write(said, "", object);
  write(most_frequent, "blind_", object);
  if (mean) write(*mean, "mean_", object);
  if (unanswered > 0) object["unanswered"] = unanswered;
  return object;
}

}  // namespace omma
