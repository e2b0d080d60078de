// Training Grounding DINO: the task "grounding-dino" of a recipe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/recipes/grounding_dino/mixture.h"
#include "omma/recipes/grounding_dino/objective.h"
#include "omma/recipes/grounding_dino/world_samples.h"
#include "omma/recipes/model_recipe.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma::grounding_dino {

struct TrainingConfig : ModelRecipe {
  json data = "world";    // world, a DetectionSource's `data`, or a list of DetectionSource
  std::string data_root;  // folder of relative paths in `data`; "": the current one
  std::string split = "train";
  std::map<std::string, std::string> class_phrases;  // these three where `data` is no list
  std::string validation_split = "val";
  int64_t validation_pictures = 200;  // the first of each set's split; 0: no figures
  double max_fault_share = .05;       // of pictures or boxes left out, when the data are opened and for pictures later
  int64_t batch_size = 16;
  std::vector<int64_t> sizes = {128};  // long sides in pixels, one drawn a batch
  int64_t min_phrases = 1;             // of a prompt; their number is drawn a batch, evenly on a log scale
  int64_t max_phrases = 32;
  WorldPromptConfig world;
  AugmentationConfig augmentation;
  double drop_positive = 0;  // of data sets: chance of each phrase that fits something not to be asked for

  ObjectiveConfig loss;
  int64_t denoising_queries = 0;
  double label_noise = 0.5;
  double box_noise = 1;

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    field("data", data);
    field("data_root", data_root);
    field("split", split);
    field("class_phrases", class_phrases);
    field("validation_split", validation_split);
    field("validation_pictures", validation_pictures, Range{0, 1e6});
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{1, 4096});
    field("sizes", sizes, Range{32, 4096});
    field(FieldNames{"min_phrases", "least_phrases"}, min_phrases, Range{1, 256});
    field(FieldNames{"max_phrases", "most_phrases"}, max_phrases, Range{1, 256});
    field("world", world);
    field("augmentation", augmentation);
    field("drop_positive", drop_positive, Range{0, 1});
    field("loss", loss);
    field("denoising_queries", denoising_queries, Range{0, 10'000});
    field("label_noise", label_noise, Range{0, 1});
    field("box_noise", box_noise, Range{0, 10});
  }
  void validate(Faults& faults) const {
    faults.expect(!sizes.empty(), "sizes: expected at least one");
    faults.expect(min_phrases <= max_phrases, "min_phrases: expected at most max_phrases = {}, got {}", max_phrases, min_phrases);
  }
};

// Validates on `validation_split` of the data, which of a file that has no splits is all of it: {"ap50", "f1", "precision",
// "recall", "absent_rate", "threshold", "pictures"}, at the threshold that the saved model has by default; of several data sets
// {DATA: these} for each. Throws
// std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_training(const TrainerConfig& trainer, const TrainingConfig& config);

}  // namespace omma::grounding_dino
