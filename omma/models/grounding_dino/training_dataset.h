// Training samples from labelled photographs: augmented pictures, prompts of the data set's phrases.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/rng.h"
#include "omma/data/detection_dataset.h"
#include "omma/models/grounding_dino/training_samples.h"

namespace omma {

struct AugmentationConfig {
  bool flip = true;            // left and right, unless the sample's phrases mention a side
  bool flip_vertical = false;  // for pictures without an up, as under a microscope
  double zoom = 0;             // share of samples that show a random part of the picture
  double least_part = 0.5;     // side of the smallest part, of the picture's
  double brightness = 0;       // factor 1 +- this
  double contrast = 0;         // factor 1 +- this about the picture's mean

  template <class Fields>
  void fields(Fields& field) {
    field("flip", flip);
    field("flip_vertical", flip_vertical);
    field("zoom", zoom, Range{0, 1});
    field("least_part", least_part, Range{0.05, 1});
    field("brightness", brightness, Range{0, 0.9});
    field("contrast", contrast, Range{0, 0.9});
  }
};

// Changes the picture and its boxes alike; boxes of which less than 30 % is left go. Without them, an object cut to a sliver would
// be asked for.
void augment(Image& image, std::vector<DetectionTarget>& targets, const AugmentationConfig& config, Rng& rng);

// Pictures in a new random order in every round through the data.
class DatasetSamples : public SampleSource {
 public:
  DatasetSamples(std::shared_ptr<const DetectionDataset> dataset, std::uint64_t seed, const AugmentationConfig& config);
  TrainingSample sample(std::uint64_t number, const BatchShape& shape) const override;

 private:
  std::size_t index_of(std::uint64_t number) const;

  std::shared_ptr<const DetectionDataset> dataset_;
  std::uint64_t seed_;
  AugmentationConfig config_;
  std::vector<std::string> phrases_;  // closed set, or those met in the first samples
};

}  // namespace omma
