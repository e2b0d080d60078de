// Several labelled data sets as one source of training samples.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/recipes/grounding_dino/dataset_samples.h"

namespace omma::grounding_dino {

// One data set of a recipe.
struct DetectionSource {
  std::string data;  // KIND:PATH as open_detection_dataset reads it; a bare PATH is voc
  std::string split = "train";
  std::string validation_split = "val";
  std::map<std::string, std::string> class_phrases;          // class name in the file to phrase
  std::map<std::string, std::vector<std::string>> synonyms;  // of a phrase: what else is true of its objects ("cars", "vehicle")
  std::vector<std::string> unlabelled;                       // phrases of other sets that its pictures may show without a label
  int64_t share = 1;                                         // samples of this set in a round of all

  template <class Fields>
  void fields(Fields& field) {
    field("data", data);
    field("split", split);
    field("validation_split", validation_split);
    field("class_phrases", class_phrases);
    field("synonyms", synonyms);
    field("unlabelled", unlabelled);
    field("share", share, Range{1, 1000});
  }
};

// Relative paths are looked for in `root`, where one is given. Faults are told in the log.
std::unique_ptr<DetectionDataset> open_source(const DetectionSource& source, const std::string& split, const std::string& root,
                                              double max_fault_share = .05);

// Rounds in which each data set has its share of the samples, in the same order every time; within a data set, the order of
// DatasetSamples. What fits one set's objects is asked of the others' pictures as absent, but for what these leave unlabelled.
class MixedSamples : public SampleSource {
 public:
  // At least one data set, one for each source.
  MixedSamples(const std::vector<std::shared_ptr<const DetectionDataset>>& datasets, const std::vector<DetectionSource>& sources,
               std::uint64_t seed, const AugmentationConfig& config, double drop_positive, double max_fault_share = .05);
  TrainingSample sample(std::uint64_t number, const BatchShape& shape) const override;
  DatasetReport report() const override;

 private:
  struct Turn {
    std::size_t set;
    std::uint64_t place;  // among the set's samples of a round
  };
  std::vector<DatasetSamples> sets_;
  std::vector<std::uint64_t> shares_;
  std::vector<Turn> round_;
};

}  // namespace omma::grounding_dino
