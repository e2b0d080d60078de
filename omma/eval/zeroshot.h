// Naming pictures without having been taught their classes (Radford et al. 2021, CLIP, section 3.1): the class whose sentence lies
// nearest to the picture.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/class_folder.h"
#include "omma/data/left_out_pictures.h"
#include "omma/tasks/matcher.h"

namespace omma {

struct ZeroShotOptions {
  std::vector<std::string> templates = {"a photo of a {}."};  // {} is the class; of several the mean of their embeddings counts
  std::map<std::string, std::string> names = {};              // of classes; others are called as their folders, '_' as a space
  std::size_t count = 0;                                      // of pictures, spread evenly over all; 0: all
  int batch = 16;
  double max_fault_share = .05;  // of pictures that cannot be read, which are left out
};

struct ClassifiedPicture {
  std::string key, truth, answer;
  std::size_t rank = 0;  // of the right class, from 0; ties count against it
  float score = 0;       // cosine of the answer
};

struct ZeroShotEvaluation {
  std::vector<std::string> classes;
  std::vector<ClassifiedPicture> pictures;
  DatasetReport left_out;

  // "accuracy", "accuracy5", "mean_per_class" (accuracy), "per_class" {name: {"accuracy", "pictures"}}, "classes", "pictures",
  // "left_out" where some were.
  json to_json() const;
};

// Throws std::invalid_argument for a template without {}, names of classes that are not there, and what matcher and folder throw.
ZeroShotEvaluation evaluate_zeroshot(Matcher& matcher, const ClassFolder& folder, const ZeroShotOptions& options = {});

}  // namespace omma
