// Training samples from labelled photographs: augmented pictures, prompts of what is there and of what is not.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/rng.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/sample_stream.h"
#include "omma/recipes/grounding_dino/samples.h"

namespace omma::grounding_dino {

struct AugmentationConfig {
  bool flip = true;            // left and right, unless the sample's phrases mention a side
  bool flip_vertical = false;  // for pictures without an up, as under a microscope
  double zoom = 0;             // share of samples that show a random part of the picture
  double min_part = 0.5;       // side of the smallest part, of the picture's
  double brightness = 0;       // factor 1 +- this
  double contrast = 0;         // factor 1 +- this about the picture's mean

  template <class Fields>
  void fields(Fields& field) {
    field("flip", flip);
    field("flip_vertical", flip_vertical);
    field("zoom", zoom, Range{0, 1});
    field(FieldNames{"min_part", "least_part"}, min_part, Range{0.05, 1});
    field("brightness", brightness, Range{0, 0.9});
    field("contrast", contrast, Range{0, 0.9});
  }
};

// Changes the picture and its boxes alike; boxes of which less than 30 % is left go. Without them, an object cut to a sliver would
// be asked for.
void augment(Image& image, std::vector<DetectionTarget>& targets, const AugmentationConfig& config, Rng& rng);

// What may be asked about the pictures of a data set.
struct PhraseBook {
  // Of a data set's phrase what else is true of its objects: the plural, the kind that it belongs to ("car": "cars", "vehicle").
  std::map<std::string, std::vector<std::string>> synonyms;
  // What a picture without such an object may be asked for; nothing that its pictures may show without a label.
  std::vector<std::string> absent;
  double drop_positive = 0;  // chance of each phrase that fits something not to be asked for
};

// Pictures in a new random order in every round through the data.
class DatasetSamples : public SampleSource {
 public:
  // To the book's absent phrases come the data set's own, those of an open one as its first samples have them.
  DatasetSamples(std::shared_ptr<const DetectionDataset> dataset, std::uint64_t seed, const AugmentationConfig& config,
                 PhraseBook book = {}, double max_fault_share = .05);
  TrainingSample sample(std::uint64_t number, const BatchShape& shape) const override;
  DatasetReport report() const override { return stream_.report(); }

 private:
  std::vector<std::string> phrases_of(const DetectionTarget& target) const;
  std::vector<std::string> draw_prompt(const std::vector<DetectionTarget>& targets, int limit, Rng& rng) const;

  std::shared_ptr<const DetectionDataset> dataset_;
  std::uint64_t seed_;
  SampleStream<DetectionDataset> stream_;
  AugmentationConfig config_;
  PhraseBook book_;
  std::vector<std::string> own_;  // phrases of the data set with their synonyms
};

}  // namespace omma::grounding_dino
