// How well things are counted, and how far answers go that look at no picture.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/json.h"

namespace omma {

// One question how many there are, and what was said.
struct Counted {
  int truth = 0;
  std::optional<double> said = {};  // nothing: the answer held no number. It is wrong whatever the truth, and errs as a 0 does
};

// Of one kind of thing (a phrase, a type of question) over many pictures, by the kind's name.
using CountsByKind = std::map<std::string, std::vector<Counted>>;

struct CountingMetrics {
  double mean_error = 0;    // mean |said - true|
  double exact = 0;         // shares of what is said, to the nearest whole number: it is the true count;
  double off_by_one = 0;    // at most one more or less;
  double within_tenth = 0;  // at most a tenth of the true count more or less
};

// The mean count of each kind in the training split's pictures, not rounded; where they are not known, `absent` says why.
struct TrainingCounts {
  std::map<std::string, double> means = {};
  std::string absent = {};
};

struct CountingReport {
  std::size_t asked = 0, unanswered = 0;
  CountingMetrics said;
  CountingMetrics most_frequent;        // always saying the kind's most frequent count of this very data
  std::optional<CountingMetrics> mean;  // always saying the kind's mean in the training split, where all kinds have one

  // "mae", "exact", "off_by_one", "within_10_percent"; the same of the most frequent count after "blind_" and of the training
  // split's mean after "mean_"; "unanswered" where some are.
  json to_json() const;
};

// All kinds together; each has its own most frequent count and mean.
CountingReport counting_report(const CountsByKind& counts, const TrainingCounts& training = {});

}  // namespace omma
