// Training LLaVA (Liu et al. 2023; 1.5): the task "llava" of a recipe. Both stages are one: what learns, and from which data, the
// recipe says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "omma/recipes/llava/model.h"
#include "omma/train/adapter.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma {

struct LlavaTrainingConfig : LlavaModelRecipe {
  // As open_instruction_dataset reads them; no validation data: no figures.
  std::string data = "world:count=100000000", validation_data;
  std::string split = "train", validation_split = "val";
  std::string images;            // where the pictures of `data` are, if not beside it
  double max_fault_share = .05;  // of the samples left out, when the data are opened and for pictures later
  int64_t batch_size = 16;
  // Batches whose samples are shared out by whether they have a picture, and by length: less padding. 1: as they come.
  int64_t group = 8;
  int64_t max_tokens = 2048;  // of a dialogue with its picture's; longer ones are cut
  // Of "projector", "language_model", "vision_tower": the first alone is stage one, the first two stage two. With `lora` the
  // adapters and its modules_to_save learn, and nothing else.
  std::vector<std::string> learns = {"projector", "language_model"};
  bool blind = false;                   // without the pictures: the language model learns the texts alone
  bool gradient_checkpointing = false;  // of the language model's layers: less memory, a third more time
  std::optional<AdapterConfig> lora;

  template <class Fields>
  void fields(Fields& field) {
    LlavaModelRecipe::fields(field);
    field("data", data);
    field("split", split);
    field("validation_data", validation_data);
    field("validation_split", validation_split);
    field("images", images);
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("batch_size", batch_size, Range{1, 65536});
    field("group", group, Range{1, 4096});
    field("max_tokens", max_tokens, Range{8, 1 << 20});
    field("learns", learns);
    field("blind", blind);
    field("gradient_checkpointing", gradient_checkpointing);
    field("lora", lora);
  }
  void validate(Faults& faults) const;
};

// Validates by the mean "loss" of learned tokens and their "accuracy", the share that is the model's
// first choice. Throws
// std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_llava_training(const TrainerConfig& trainer, const LlavaTrainingConfig& config);

}  // namespace omma
