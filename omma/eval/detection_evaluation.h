// How well a detector finds what a data set names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/detection_dataset.h"
#include "omma/eval/coco_detection.h"
#include "omma/tasks/detector.h"

namespace omma {

// What to ask about one sample, and what the right answer is. `truths` name phrases by their place.
struct DetectionQuestion {
  std::vector<std::string> phrases;
  std::vector<std::vector<int>> truths_of;  // of each phrase: the sample's targets that it fits
};

struct DetectionEvaluationOptions {
  std::size_t first = 0;      // sample to begin with
  std::size_t count = 0;      // samples, 0: all
  float threshold = 0.35F;    // for counting and for absent phrases
  float least_score = 0.01F;  // of a detection to join the precision-recall curve
  // The prompt of a sample; by default all phrases of the data set (of an open one: the sample's own).
  std::function<DetectionQuestion(std::size_t index, const DetectionSample& sample)> question;
};

struct CountingMetrics {
  double mean_error = 0;                         // mean |counted - true|
  double exact = 0;                              // share counted exactly
  double blind_mean_error = 0, blind_exact = 0;  // always answering the most frequent true count
};

struct DetectionEvaluation {
  CocoMetrics coco;
  std::vector<std::string> phrases;                 // of coco.category_ap; one "any" where each sample has its own
  double f1 = 0, precision = 0, recall = 0;         // at the threshold, IoU .5
  double absent_rate = 0;                           // share of asked phrases that are absent and yet found at the threshold
  std::int64_t absent = 0;                          // such phrases asked
  std::map<std::string, CountingMetrics> counting;  // per phrase of a closed set, else "any"
  std::size_t pictures = 0;

  // Metric names in lower case, "per_class" and "counting" beside them.
  json to_json() const;
};

DetectionEvaluation evaluate_detection(Detector& detector, const DetectionDataset& dataset,
                                       const DetectionEvaluationOptions& options = {});

// Of the thresholds .05 to .90 the one with the highest F1 at IoU .5.
struct ThresholdChoice {
  float threshold = 0.35F;
  double f1 = 0, precision = 0, recall = 0;
};
ThresholdChoice choose_threshold(Detector& detector, const DetectionDataset& dataset,
                                 const DetectionEvaluationOptions& options = {});

}  // namespace omma
