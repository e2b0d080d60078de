#include "omma/recipes/blip/setup.h"

#include "omma/base/file.h"
#include "omma/data/world/text_words.h"
#include "omma/text/vocabulary.h"
#include "omma/train/initial_weights.h"

namespace omma {
namespace {

json tokenizer_of(const ModelRecipe& recipe) {
  if (!recipe.tokenizer.empty()) return read_json(std::filesystem::path(recipe.tokenizer) / "tokenizer.json");
  std::vector<std::string> words = world_text_words();
  words.insert(words.end(), recipe.vocabulary.begin(), recipe.vocabulary.end());
  return make_bert_tokenizer(words);
}

// The tokenizer's words, then [DEC] and [ENC], which no text holds.
BlipConfig config_for(json model, const Tokenizer& tokenizer) {
  const int64_t words = tokenizer.largest_id() + 1;
  json& text = model["text_config"];
  text["vocab_size"] = words + 2;
  text["bos_token_id"] = words;
  text["sep_token_id"] = tokenizer.token_to_id("[SEP]").value_or(102);
  text["pad_token_id"] = tokenizer.token_to_id("[PAD]").value_or(0);
  return read_blip_config(model, "model");
}

GenerationConfig generation_for(const BlipConfig& config, int64_t max_tokens) {
  GenerationConfig generation;
  generation.eos_token_id = config.text_config.sep_token_id;
  generation.max_length = max_tokens;
  return generation;
}

}  // namespace

BlipTrainingSetup::BlipTrainingSetup(const ModelRecipe& recipe)
    : initial_weights_(recipe.initial_weights),
      tokenizer_json_(tokenizer_of(recipe)),
      tokenizer_(Tokenizer::from_json(tokenizer_json_, "tokenizer.json")),
      config_(config_for(recipe.model, tokenizer_)),
      processor_(square_image_processor(config_.vision_config.image_size)),
      generation_(generation_for(config_, config_.text_config.max_position_embeddings)) {}

PaddedTexts BlipTrainingSetup::tokenize(std::span<const std::string> texts, int64_t max_tokens) const {
  return tokenize_texts(tokenizer_, texts, max_tokens, config_.text_config.pad_token_id, LongTexts::cut);
}

Blip BlipTrainingSetup::make_model(std::uint64_t seed) const {
  torch::manual_seed(seed);
  Blip model(config_);
  model->init_weights();
  for (const std::string& from : initial_weights_) load_matching_weights(*model, from);
  return model;
}

BlipCheckpoint BlipTrainingSetup::checkpoint(const Blip& model) const {
  return {.model = model, .tokenizer = tokenizer_, .processor = processor_, .generation = generation_};
}

void BlipTrainingSetup::save(const std::filesystem::path& directory, const Blip& model) const {
  save_blip(directory, model, {.tokenizer = tokenizer_json_, .processor = processor_.config(), .generation = generation_},
            torch::kFloat16);
}

}  // namespace omma
