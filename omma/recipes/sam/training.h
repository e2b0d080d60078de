// Training SAM: the task "sam" of a recipe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "omma/base/config.h"
#include "omma/recipes/model_recipe.h"
#include "omma/recipes/sam/data.h"
#include "omma/recipes/sam/interaction.h"
#include "omma/recipes/sam/objective.h"
#include "omma/train/adapter.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma::sam {

struct TrainingConfig : DataConfig {
  json model = json::object();               // config.json of the model to be
  std::vector<std::string> initial_weights;  // safetensors files or model directories: every tensor whose name and shape fit
  std::optional<AdapterConfig> lora;         // adapters learn, on weights that stay
  int64_t batch_size = 8;
  int64_t max_masks = 4;   // of a picture
  int64_t min_pixels = 8;  // of a mask, of the frame
  double layer_decay = 1;  // each layer of the encoder learns at so much of the next one's rate
  InteractionConfig interaction;
  ObjectiveConfig loss;
  bool single_mask = false;  // an ablation: the first answer is one mask, too, however ambiguous the prompt

  template <class Fields>
  void fields(Fields& field) {
    DataConfig::fields(field);
    field("model", model);
    field("initial_weights", initial_weights);
    field("lora", lora);
    field("batch_size", batch_size, Range{1, 4096});
    field("max_masks", max_masks, Range{1, 1024});
    field("min_pixels", min_pixels, Range{1, 1e9});
    field("layer_decay", layer_decay, Range{0.01, 1});
    field("interaction", interaction);
    field("loss", loss);
    field("single_mask", single_mask);
  }
};

// The first prompt, where it is a click, is answered with several masks of which the best learns; a box both so and by the single
// mask; later ones by the single mask. Throws std::invalid_argument naming the recipe's field, or the data set's or weights' file.
std::unique_ptr<TrainingTask> make_training(const TrainerConfig& trainer, const TrainingConfig& config);

// The trainer with a group of parameters for each layer of the encoder, behind the recipe's own: with L layers, layer i learns at
// layer_decay^(L - i) of the rate, patches and positions at layer_decay^(L + 1) (Bao et al. 2021, "BEiT").
TrainerConfig with_layer_decay(TrainerConfig trainer, const TrainingConfig& config);

}  // namespace omma::sam
