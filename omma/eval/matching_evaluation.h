// Whether a matcher tells a picture's true caption from a wrong one, where the data know both.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/caption_dataset.h"
#include "omma/tasks/matcher.h"

namespace omma {

struct MatchingEvaluationOptions {
  std::size_t count = 0;         // of pictures, the first ones; 0: all
  double max_fault_share = .05;  // of pictures that cannot be read, which are left out
};

struct JudgedPair {
  std::string key, noise;  // the kind of noise
  std::string right, wrong;
  float right_score = 0, wrong_score = 0;  // matching probability; of a model without one the cosine
};

struct MatchingEvaluation {
  std::vector<JudgedPair> pairs;
  bool by_cosine = false;
  DatasetReport left_out;

  // For each kind of noise and in "all": "separated", the share of pairs whose true caption scores higher; "accepted", of true
  // captions at .5 or above; "refused", of wrong ones below; "pairs". By cosines, which have no such border, without these two.
  json to_json() const;
};

// Of a data set whose notes hold "noise" and "true_caption" (the world's web texts, and shards of them); clean samples are left
// out. Throws std::invalid_argument where no sample has a wrong text, and what the matcher and the data set throw.
MatchingEvaluation evaluate_matching(Matcher& matcher, const CaptionDataset& dataset,
                                     const MatchingEvaluationOptions& options = {});

}  // namespace omma
