// COCO's detection metrics, number for number as pycocotools computes them for boxes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "omma/vision/boxes.h"

namespace omma {

struct CocoTruth {
  int category = 0;  // 0 to categories - 1
  Box box;
  double area = -1;     // as annotated; below 0: the box's
  bool crowd = false;   // one box around many: overlap counts by the detection's area alone, and several may match
  bool ignore = false;  // neither right nor wrong when missed or found
};

struct CocoDetection {
  int category = 0;
  Box box;
  float score = 0;
};

// -1 where there is nothing to find, as pycocotools has it.
struct CocoMetrics {
  double ap = -1, ap50 = -1, ap75 = -1;                 // mean over IoU .50:.05:.95, at .5, at .75
  double ap_small = -1, ap_medium = -1, ap_large = -1;  // area below 32^2, to 96^2, above
  double ar1 = -1, ar10 = -1, ar100 = -1;               // mean recall with at most so many detections a picture
  double ar_small = -1, ar_medium = -1, ar_large = -1;  // at 100
  std::vector<double> category_ap, category_ap50;       // per category, [categories]
};

// Collects pictures, then tells. Not thread-safe.
class CocoEvaluation {
 public:
  // Class-agnostic recall of proposals: pass every box as category 0.
  explicit CocoEvaluation(int categories);

  // One picture with its truths and detections. Throws std::invalid_argument for a category out of range.
  void add(std::vector<CocoTruth> truths, std::vector<CocoDetection> detections);

  CocoMetrics metrics() const;

 private:
  struct Picture {
    std::vector<CocoTruth> truths;
    std::vector<CocoDetection> detections;  // by falling score, stable
  };
  // A category's pictures that hold a truth or detection of it.
  std::vector<std::vector<Picture>> categories_;
};

}  // namespace omma
