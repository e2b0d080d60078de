#include "omma/recipes/run_recipe.h"

#include "omma/recipes/blip/question_training.h"
#include "omma/recipes/blip/training.h"
#include "omma/recipes/blip/vision_training.h"
#include "omma/recipes/clip/tower_training.h"
#include "omma/recipes/clip/training.h"
#include "omma/recipes/grounding_dino/backbone_training.h"
#include "omma/recipes/grounding_dino/training.h"
#include "omma/recipes/llava/training.h"
#include "omma/recipes/planner/training.h"
#include "omma/recipes/sam/distillation.h"
#include "omma/recipes/sam/masked_autoencoder.h"
#include "omma/recipes/sam/training.h"
#include "omma/recipes/stages.h"

namespace omma {

std::pair<TrainerConfig, std::unique_ptr<TrainingTask>> open_recipe(const json& recipe, std::string_view where,
                                                                    Collective* collective) {
  const std::string task = recipe.is_object() && recipe.contains("task") && recipe["task"].is_string() ? recipe["task"] : "";
  if (task == "grounding-dino") {
    const auto [trainer, config] = split_recipe<grounding_dino::TrainingConfig>(recipe, where);
    return {trainer, grounding_dino::make_training(trainer, config)};
  }
  if (task == "world-backbone") {
    const auto [trainer, config] = split_recipe<grounding_dino::BackboneTrainingConfig>(recipe, where);
    return {trainer, grounding_dino::make_backbone_training(trainer, config)};
  }
  if (task == "blip") {
    const auto [trainer, config] = split_recipe<BlipTrainingConfig>(recipe, where);
    return {trainer, make_blip_training(trainer, config, collective)};
  }
  if (task == "blip-questions") {
    const auto [trainer, config] = split_recipe<BlipQuestionTrainingConfig>(recipe, where);
    return {trainer, make_blip_question_training(trainer, config)};
  }
  if (task == "blip-vision") {
    const auto [trainer, config] = split_recipe<BlipVisionTrainingConfig>(recipe, where);
    return {trainer, make_blip_vision_training(trainer, config)};
  }
  if (task == "clip") {
    const auto [trainer, config] = split_recipe<ClipTrainingConfig>(recipe, where);
    return {trainer, make_clip_training(trainer, config, collective)};
  }
  if (task == "clip-vision") {
    const auto [trainer, config] = split_recipe<ClipTowerTrainingConfig>(recipe, where);
    return {trainer, make_clip_tower_training(trainer, config)};
  }
  if (task == "llava") {
    const auto [trainer, config] = split_recipe<LlavaTrainingConfig>(recipe, where);
    return {trainer, make_llava_training(trainer, config)};
  }
  if (task == "planner") {
    const auto [trainer, config] = split_recipe<PlannerTaskConfig>(recipe, where);
    return {trainer, std::make_unique<PlannerTask>(config, trainer.seed)};
  }
  if (task == "sam") {
    const auto [trainer, config] = split_recipe<sam::TrainingConfig>(recipe, where);
    return {sam::with_layer_decay(trainer, config), sam::make_training(trainer, config)};
  }
  if (task == "sam-mae") {
    const auto [trainer, config] = split_recipe<sam::MaskedAutoencoderConfig>(recipe, where);
    return {trainer, sam::make_masked_autoencoder_training(trainer, config)};
  }
  if (task == "sam-distillation") {
    const auto [trainer, config] = split_recipe<sam::DistillationConfig>(recipe, where);
    return {trainer, sam::make_distillation(trainer, config)};
  }
  fail(
      "{}: task: expected blip, blip-questions, blip-vision, clip, clip-vision, grounding-dino, llava, planner, sam, "
      "sam-distillation, sam-mae or world-backbone, got \"{}\"",
      where, task);
}

void check_recipe(json recipe, std::string_view where) {
  open_recipe(with_found_models(with_stages_described(with_start_completed(std::move(recipe)))), where);
}

TrainingOutcome run_recipe(const json& recipe, std::string_view where, const TrainingOptions& options) {
  json found = with_start_completed(recipe);
  if (options.resume) found.erase("initial_weights");  // the checkpoint holds all of them
  const auto [trainer, task] = open_recipe(with_found_models(found), where, options.collective);
  return train(*task, trainer, recipe, options);
}

}  // namespace omma
