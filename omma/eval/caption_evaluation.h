// How good the captions are that a model gives to pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/left_out_pictures.h"
#include "omma/eval/caption_metrics.h"
#include "omma/tasks/captioner.h"

namespace omma {

struct CaptionEvaluationOptions {
  CaptionOptions caption = {};
  std::size_t count = 0;  // of pictures, the first ones; 0: all
  int batch = 8;
  double max_fault_share = .05;         // of pictures that cannot be read, which are left out
  LeftOutPictures* left_out = nullptr;  // of earlier evaluations of these data, so that each picture is told once
};

struct JudgedCaption {
  CaptionSample sample;
  std::string caption;
  double cider = 0;
  bool exact = false;  // it names every object of the picture with its colour, and nothing else
};

// Of pictures whose objects are known (the world's); counts over all of them.
struct NamedObjectMetrics {
  std::int64_t named = 0, present = 0, right = 0;
  std::int64_t scenes = 0, exact = 0;  // with one to three objects, and those of them whose caption is exact

  double precision() const { return share(right, named); }
  double recall() const { return share(right, present); }
  double exact_scene() const { return share(exact, scenes); }

 private:
  static double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

struct CaptionEvaluation {
  CaptionMetrics metrics;
  NamedObjectMetrics objects;  // present: 0 where no objects are known
  std::vector<JudgedCaption> captions;
  DatasetReport left_out;

  // "bleu1" to "bleu4", "cider", "pictures", "left_out" where some were; where objects are known also "exact_scene" of so many
  // "scenes" with one to three objects, "object_precision" and "object_recall".
  json to_json() const;
};

// Captions every picture and judges. Throws what the captioner and the data set throw.
CaptionEvaluation evaluate_captions(Captioner& captioner, const CaptionDataset& dataset,
                                    const CaptionEvaluationOptions& options = {});

}  // namespace omma
