// COCO's metrics of boxes and of masks, number for number as pycocotools computes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "omma/vision/boxes.h"
#include "omma/vision/mask.h"

namespace omma {

// A mask counts in place of the box wherever there is one.
struct CocoTruth {
  int category = 0;  // 0 to categories - 1
  Box box = {};
  double area = -1;      // as annotated; below 0: the box's or mask's
  bool crowd = false;    // one around many: overlap counts by the detection's area alone, and several may match
  bool ignore = false;   // neither right nor wrong when missed or found
  RunLengths mask = {};  // of the picture's size
};

struct CocoDetection {
  int category = 0;
  Box box = {};
  float score = 0;
  RunLengths mask = {};
};

// -1 where there is nothing to find, as pycocotools has it.
struct CocoMetrics {
  double ap = -1, ap50 = -1, ap75 = -1;                 // mean over IoU .50:.05:.95, at .5, at .75
  double ap_small = -1, ap_medium = -1, ap_large = -1;  // area below 32^2, to 96^2, above
  double ar1 = -1, ar10 = -1, ar100 = -1;               // mean recall with at most so many detections a picture and category
  double ar_small = -1, ar_medium = -1, ar_large = -1;  // at 100, as all of the AP
  std::vector<double> category_ap, category_ap50;       // per category, [categories]
};

// Collects pictures, then tells. Keeps overlaps, no masks. Not thread-safe.
class CocoEvaluation {
 public:
  // Class-agnostic recall of proposals: pass all as category 0. Of a picture and category the `max_detections` of highest score are
  // judged.
  explicit CocoEvaluation(int categories, std::size_t max_detections = 100);

  // One picture with its truths and detections. Throws std::invalid_argument for a category out of range, masks of several sizes,
  // and where some have masks and others have none.
  void add(const std::vector<CocoTruth>& truths, const std::vector<CocoDetection>& detections);

  // All but ar1 and ar10 with at most so many detections a picture and category.
  CocoMetrics metrics(std::size_t most = 100) const;

  // Mean recall over IoU .50:.05:.95 with at most so many.
  double average_recall(std::size_t most) const;

 private:
  struct Truth {
    double area = 0;
    bool crowd = false, ignore = false;
  };
  struct Detection {
    double area = 0;
    float score = 0;
  };
  struct Picture {
    std::vector<Truth> truths;
    std::vector<Detection> detections;          // by falling score, stable
    std::vector<std::vector<double>> overlaps;  // [detections, truths]
  };
  struct Judged;
  struct Curve;

  static Judged judge(const Picture& picture, std::size_t area);
  static std::vector<Judged> judge_all(const std::vector<Picture>& pictures, std::size_t area);
  static Curve curve(const std::vector<Judged>& pictures, std::size_t iou, std::size_t most);

  std::size_t max_detections_;
  // A category's pictures that hold a truth or detection of it.
  std::vector<std::vector<Picture>> categories_;
};

}  // namespace omma
