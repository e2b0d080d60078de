// Training CLIP on pictures with captions (Radford et al. 2021, section 2.3): the task "clip" of a recipe. It makes the towers of
// the embedded models.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "omma/base/config.h"
#include "omma/recipes/model_recipe.h"
#include "omma/train/collective.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

struct ClipTrainingConfig : ModelRecipe {
  // As open_caption_dataset reads them; no validation data: no figures.
  std::string data = "world:captions=exact,count=100000000";
  std::string validation_data = "world:seed=1,captions=exact,references=1,count=300";
  std::string split = "train", validation_split = "val";
  double max_fault_share = .05;  // of the samples left out, when the data are opened and for pictures later
  int64_t batch_size = 64;       // pairs of a process; all processes' are contrasted with each other
  int64_t max_tokens = 77;       // of a text; longer ones are cut
  double max_scale = 100;        // of the learned factor on cosines, as in the paper

  template <class Fields>
  void fields(Fields& field) {
    ModelRecipe::fields(field);
    field("data", data);
    field("split", split);
    field("validation_data", validation_data);
    field("validation_split", validation_split);
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{2, 65536});
    field("max_tokens", max_tokens, Range{3, 512});
    field("max_scale", max_scale, Range{1, 1e4});
  }
};

// Where the data give texts that are known to be wrong, each picture's are candidates beside the batch's texts, as in NegCLIP
// (Yuksekgonul et al. 2023). With a `collective` the candidates are those of all ranks' batches, which then count as one. Validates
// by recall ("itc_tr1", "itc_ir1"). Throws std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_clip_training(const TrainerConfig& trainer, const ClipTrainingConfig& config,
                                                 Collective* collective = nullptr);

}  // namespace omma
