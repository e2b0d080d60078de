// A small encoder that gives what a large one gives, so that the large one's decoder reads it: the task "sam-distillation". Zhang
// et al. 2023, "Faster Segment Anything: Towards Lightweight SAM for Mobile Applications".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/recipes/sam/data.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma::sam {

struct DistillationConfig : DataConfig {
  std::string teacher;                  // model directory
  json vision_config = json::object();  // of the encoder to be; its picture and the embedding's form are the teacher's
  std::vector<std::string> initial_weights;
  int64_t batch_size = 8;

  template <class Fields>
  void fields(Fields& field) {
    DataConfig::fields(field);
    field("teacher", teacher);
    field("vision_config", vision_config);
    field("initial_weights", initial_weights);
    field("batch_size", batch_size, Range{1, 4096});
  }
};

// Minimises the squared difference of the embeddings; pictures alone are enough. Saves the teacher's prompts and decoder with the
// new encoder. Throws std::invalid_argument naming the recipe's field, or the data set's or teacher's file.
std::unique_ptr<TrainingTask> make_distillation(const TrainerConfig& trainer, const DistillationConfig& config);

}  // namespace omma::sam
