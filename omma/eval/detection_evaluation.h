// How well a detector finds what a data set names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/eval/coco_detection.h"
#include "omma/eval/counting.h"
#include "omma/eval/detection_questions.h"
#include "omma/tasks/detector.h"

namespace omma {

struct DetectionEvaluationOptions {
  float threshold = 0.35F;                                             // for counting, for F1 and for absent phrases
  float min_score = 0.01F;                                             // of a detection to join the precision-recall curve
  TrainingCounts training = {.means = {}, .absent = "not asked for"};  // see training_counts()
};

struct DetectionEvaluation {
  CocoMetrics coco;
  std::vector<std::string> phrases;                // of coco.category_ap; one "any" where each sample has its own
  double f1 = 0, precision = 0, recall = 0;        // at the threshold, IoU .5
  double absent_rate = 0;                          // share of asked phrases that are absent and yet found at the threshold
  std::int64_t absent = 0;                         // such phrases asked
  std::map<std::string, CountingReport> counting;  // per phrase of a closed set, else "any"
  CountingReport counting_overall;
  std::string mean_absent;  // why there are no counts of a training split; "" where there are
  std::size_t pictures = 0;

  // Metric names in lower case, "per_class", "counting" and "counting_overall" beside them; null where the data have nothing of the
  // kind to find.
  json to_json() const;
};

// Asks every question and judges the answers. Throws what the detector and the data set throw.
DetectionEvaluation evaluate_detection(Detector& detector, const DetectionQuestions& questions,
                                       const DetectionEvaluationOptions& options = {});

// How many of each phrase a picture of the training split holds in the mean; of an open set, of "any" phrase that is asked for.
// Reads labels, no pictures.
TrainingCounts training_counts(const DetectionQuestions& training);

// Of the thresholds .05, .06, ... .90 the one with the highest F1 at IoU .5: what a validation split supports.
struct ThresholdChoice {
  float threshold = 0.35F;
  double f1 = 0, precision = 0, recall = 0;
};
ThresholdChoice choose_threshold(Detector& detector, const DetectionQuestions& questions,
                                 const DetectionEvaluationOptions& options = {});

}  // namespace omma
