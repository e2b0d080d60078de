// How well a segmenter finds the objects of a data set: by clicks, by boxes, and all at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "omma/base/json.h"
#include "omma/data/left_out_pictures.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/eval/coco_detection.h"
#include "omma/eval/counting.h"
#include "omma/tasks/segmenter.h"

namespace omma {

inline constexpr std::array<int, 5> judged_clicks = {1, 2, 3, 5, 9};

struct SegmentationEvaluationOptions {
  bool points = true;
  bool boxes = true;
  bool everything = true;
  bool single_mask = false;      // the first click is answered with one mask, too, as the model answers what is clear
  bool random_clicks = false;    // clicks anywhere in what is wrong, beside those at its centre
  std::uint64_t seed = 0;        // of these
  std::size_t max_pictures = 0;  // the first of the data set; 0: all
  std::size_t max_objects = 0;   // of a picture, spread over its list, by points and boxes; 0: all
  AutomaticMaskOptions automatic = {};
  // Pictures judged apart, too, by the name that this gives them; "" for none.
  std::function<std::string(const Image&)> group = {};
  TrainingCounts training = {.means = {}, .absent = "not asked for"};  // see training_counts()
};

// The mean over objects; nothing where there are none.
class MeanIou {
 public:
  void add(double iou) {
    sum_ += iou;
    ++objects_;
  }
  std::size_t objects() const { return objects_; }
  std::optional<double> value() const;

 private:
  double sum_ = 0;
  std::size_t objects_ = 0;
};

// By COCO's areas: all, below 32^2 pixels, to 96^2, above.
class IouByArea {
 public:
  static constexpr std::array<std::string_view, 4> names = {"", "_small", "_medium", "_large"};
  void add(double iou, std::int64_t pixels);
  const MeanIou& operator[](std::size_t area) const { return means_[area]; }

 private:
  std::array<MeanIou, names.size()> means_;
};

// Automatic masks by falling predicted IoU, whatever they show; -1 where there is nothing to find.
struct AutomaticMaskMetrics {
  double ar100 = -1, ar1000 = -1;  // mean recall with so many a picture
  CocoMetrics coco = {};           // with 300 a picture
  double masks = 0;                // a picture, in the mean
};

struct SegmentationFigures {
  std::size_t pictures = 0, objects = 0;           // objects: judged by points and boxes
  std::map<int, IouByArea> clicks, random_clicks;  // after so many
  IouByArea oracle;                                // one click, the best of three masks
  MeanIou any_of_three;                            // one of them by chance
  std::optional<double> iou_rank = {};             // of these masks: how the predicted IoU orders them, Spearman's rho
  IouByArea box;                                   // the box around the object
  std::optional<AutomaticMaskMetrics> automatic = {};
  std::optional<CountingReport> counting = {};  // how many automatic masks there are for how many objects
};

struct SegmentationEvaluation {
  SegmentationFigures overall;
  std::map<std::string, SegmentationFigures> groups;
  std::string mean_absent;  // why there are no counts of a training split; "" where there are

  // "miou1", "miou2", ..., "miou1_random", ..., "miou_oracle3", "miou_box", each also with "_small", "_medium", "_large";
  // "miou_random3", "iou_rank"; "ar100", "ar1000", "ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "masks", "counting";
  // null where there is nothing of the kind to find. "per_group" beside them.
  json to_json() const;
};

// Crowds are not asked for; of everything they are neither right nor wrong. Unless one mask is asked for, the first click is
// answered with three, of which the one that the model expects most of counts; it is fed back as logits with the clicks so far, and
// so on. An object that is found whole gets no more clicks. Pictures that cannot be read are left out, noted by `left_out`. Throws
// what the segmenter throws.
SegmentationEvaluation evaluate_segmentation(Segmenter& segmenter, const SegmentationDataset& dataset,
                                             const SegmentationEvaluationOptions& options, LeftOutPictures& left_out);

// How many objects a picture of the training split holds in the mean, as the kind "object". Reads labels, no pictures.
TrainingCounts training_counts(const SegmentationDataset& training);

}  // namespace omma
