// How a model was trained to look at pictures: fields of omma's own in preprocessor_config.json, which others pass over.
#pragma once

#include <filesystem>
#include <optional>

#include "omma/base/config.h"
#include "omma/tasks/segmenter.h"

namespace omma::sam {

// Of the options of automatic masks those that a model sets for itself.
struct AutomaticDefaults {
  std::optional<int64_t> points_per_side;
  std::optional<double> pred_iou_thresh, stability_score_thresh, box_nms_thresh;

  template <class Fields>
  void fields(Fields& field) {
    field("points_per_side", points_per_side, Range{1, 1024});
    field("pred_iou_thresh", pred_iou_thresh, Range{0, 1});
    field("stability_score_thresh", stability_score_thresh, Range{0, 1});
    field("box_nms_thresh", box_nms_thresh, Range{0, 1});
  }
};

struct Viewing {
  double enlargement = 1;  // pixels of the model's frame for one of the picture: see EnlargedPredictor; 1: the picture as a whole
  AutomaticDefaults mask_generation;

  template <class Fields>
  void fields(Fields& field) {
    field("enlargement", enlargement, Range{1, 64});
    field("mask_generation", mask_generation);
  }
};

// Of a model directory; the defaults where its file says nothing.
Viewing read_viewing(const std::filesystem::path& directory);

AutomaticMaskOptions automatic_options(const Viewing& viewing);

}  // namespace omma::sam
