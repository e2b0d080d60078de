// Training samples from the picture-book world: a scene, and a prompt of what is there among much that is not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/recipes/grounding_dino/samples.h"

namespace omma::grounding_dino {

struct WorldPromptConfig {
  // How often a prompt is of names ("dog"), colour-name pairs ("red dog"), or phrases ("small dog", "dog left of the red bus").
  double names = 0.4;
  double pairs = 0.45;
  double phrases = 0.15;
  double hard_negatives = 0.5;  // share of a pair prompt's negatives that are one attribute away from something in the scene
  double variety = 0;           // share of scenes that look as other renderers and cameras show them
  double drop_positive = 0.15;  // chance of each thing that is there not to be asked for

  template <class Fields>
  void fields(Fields& field) {
    field("names", names, Range{0, 1});
    field("pairs", pairs, Range{0, 1});
    field("phrases", phrases, Range{0, 1});
    field("hard_negatives", hard_negatives, Range{0, 1});
    field("variety", variety, Range{0, 1});
    field("drop_positive", drop_positive, Range{0, 1});
  }
};

class WorldSamples : public SampleSource {
 public:
  WorldSamples(std::uint64_t seed, const WorldPromptConfig& config) : seed_(seed), config_(config) {}
  TrainingSample sample(std::uint64_t number, const BatchShape& shape) const override;

 private:
  std::uint64_t seed_;
  WorldPromptConfig config_;
};

// Every word that a prompt or caption of the world may hold.
std::vector<std::string> world_vocabulary();

}  // namespace omma::grounding_dino
