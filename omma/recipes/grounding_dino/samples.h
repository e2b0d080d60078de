// One training picture and the prompt it is asked with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/data/dataset_report.h"
#include "omma/vision/boxes.h"
#include "omma/vision/image.h"

namespace omma::grounding_dino {

struct TrainingSample {
  Image image;
  std::vector<Box> boxes;                    // pixels; only those that fit a phrase of the prompt
  std::vector<std::string> phrases;          // of the prompt, in its order
  std::vector<std::vector<int>> phrases_of;  // of each box, at least one: places in `phrases`
};

// What all samples of a batch share, so that they stack with little padding.
struct BatchShape {
  int size = 128;   // long side in pixels
  int phrases = 6;  // of a prompt, at most
};

// Samples without end, keyed by number. All access is const and thread-safe.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual TrainingSample sample(std::uint64_t number, const BatchShape& shape) const = 0;

  // What was wrong with the data so far.
  virtual DatasetReport report() const { return {}; }
};

}  // namespace omma::grounding_dino
