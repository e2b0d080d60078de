#include "omma/recipes/llava/model.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/clip/tower.h"
#include "omma/models/llama/checkpoint.h"
#include "omma/nn/chat_generation.h"
#include "omma/nn/weights.h"
#include "omma/recipes/llava/vocabulary.h"
#include "omma/text/added_tokens.h"
#include "omma/text/sentencepiece.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// Whose tokenizer and templates it gets; "": nobody's.
std::string text_directory(const LlavaModelRecipe& recipe) {
  return recipe.tokenizer.empty() ? recipe.language_model : recipe.tokenizer;
}

json tokenizer_config_of(const LlavaModelRecipe& recipe) {
  const std::string directory = text_directory(recipe);
  const fs::path file = fs::path(directory) / "tokenizer_config.json";
  json config = !directory.empty() && fs::exists(file) ? read_json(file)
                                                       : json{{"tokenizer_class", "PreTrainedTokenizerFast"},
                                                              {"clean_up_tokenization_spaces", false},
                                                              {"eos_token", llava_end_token},
                                                              {"pad_token", llava_end_token}};
  config["image_token"] = image_token;
  return config;
}

ChatTemplate template_of(const LlavaModelRecipe& recipe, const std::string& name) {
  const fs::path directory = text_directory(recipe);
  if (name.find("{%") != std::string::npos) return ChatTemplate::from_source(name, "chat_template");
  const bool has_own = !directory.empty() && ChatTemplate::has_template(directory);
  return find_chat_template(directory, name.empty() && !has_own ? "vicuna_v1" : name);
}

// `name` as in the recipe.
DialogueForm form_of(const LlavaModelRecipe& recipe, const std::string& name) {
  DialogueForm form{.chat_template = template_of(recipe, name), .answers_alone = name == "plain"};
  form.chat_template.take_special_tokens(tokenizer_config_of(recipe));
  return form;
}

json tokenizer_of(const LlavaModelRecipe& recipe, const DialogueForm& form) {
  const fs::path directory = text_directory(recipe);
  if (directory.empty()) return llava_world_tokenizer(form, recipe.vocabulary);
  check(recipe.vocabulary.empty(), "vocabulary: {} has a tokenizer of its own", directory.string());
  return fs::exists(directory / "tokenizer.json") ? read_json(directory / "tokenizer.json")
                                                  : read_sentencepiece_tokenizer(directory);
}

json with_image_token(json tokenizer) {
  const Tokenizer known = Tokenizer::from_json(tokenizer, "tokenizer.json");
  if (known.token_to_id(image_token)) return tokenizer;
  tokenizer["added_tokens"].push_back(added_token(std::string(image_token), known.largest_id() + 1));
  return tokenizer;
}

json config_file_of(const std::string& directory) { return read_json(fs::path(directory) / "config.json"); }

LlavaConfig config_of(const LlavaModelRecipe& recipe, const Tokenizer& tokenizer) {
  json model = recipe.model;
  if (!model.contains("model_type")) model["model_type"] = "llava";
  if (!recipe.vision_tower.empty()) model["vision_config"] = write_config(read_clip_tower_config(recipe.vision_tower));
  if (!recipe.language_model.empty()) model["text_config"] = config_file_of(recipe.language_model);
  json& text = model["text_config"];
  if (!text.contains("model_type")) text["model_type"] = "llama";
  const std::int64_t words = tokenizer.largest_id() + 1;
  text["vocab_size"] = std::max(text.value("vocab_size", words), words);
  model["image_token_index"] = *tokenizer.token_to_id(image_token);
  model.erase("image_token_id");
  LlavaConfig config = read_llava_config(model, "model");
  check(!config.text_config.int8, "model: a language model of 8-bit numbers starts no training: take what it was made of");
  return config;
}

ClipVisionModel tower_of(const LlavaModelRecipe& recipe, const LlavaConfig& config) {
  if (!recipe.vision_tower.empty()) return load_clip_tower(recipe.vision_tower);
  ClipVisionModel tower(config.vision_config);
  tower->init_weights();
  return tower;
}

LlamaForCausalLM decoder_of(const LlavaModelRecipe& recipe, const LlavaConfig& config) {
  if (recipe.language_model.empty()) {
    LlamaForCausalLM decoder(config.text_config);
    decoder->initialise(config.text_config.initializer_range);
    return decoder;
  }
  LlamaForCausalLM decoder = load_llama(recipe.language_model, {.dtype = torch::kFloat32});
  decoder->add_words(config.text_config.vocab_size);
  return decoder;
}

Llava whole_of(const LlavaModelRecipe& recipe, const LlavaConfig& config) {
  check(recipe.initial_weights.size() == 1, "initial_weights: expected one LLaVA, got {}", recipe.initial_weights.size());
  check(recipe.language_model.empty(), "language_model: the LLaVA of initial_weights has one already");
  const std::string& directory = recipe.initial_weights.front();
  Llava model = load_model<Llava>(config, read_weights(directory), llava_keys(config), directory);
  if (recipe.vision_tower.empty()) return model;
  torch::NoGradGuard no_grad;
  const auto tower = load_clip_tower(recipe.vision_tower)->named_parameters();
  for (auto& weight : model->vision_tower->named_parameters()) weight.value().copy_(tower[weight.key()]);
  return model;
}

Llava make_model(const LlavaModelRecipe& recipe, const LlavaConfig& config) {
  if (!recipe.initial_weights.empty()) return whole_of(recipe, config);
  Llava model(config, tower_of(recipe, config), decoder_of(recipe, config));
  if (config.next) {
    torch::NoGradGuard no_grad;
    model->image_newline.normal_(0, 1 / std::sqrt(static_cast<double>(config.text_config.hidden_size)));
  }
  return model;
}

LlavaProcessor processor_of(const LlavaModelRecipe& recipe, const LlavaConfig& config) {
  std::optional<ImageAspect> aspect;
  if (!recipe.image_aspect.empty()) aspect = image_aspect_by_name(recipe.image_aspect);
  const fs::path whole = text_directory(recipe);
  if (!whole.empty() && fs::exists(whole / "preprocessor_config.json"))
    return LlavaProcessor::from_directory(whole, config, aspect);
  const ImageAspect usual = config.next ? ImageAspect::anyres : ImageAspect::pad;
  if (!recipe.vision_tower.empty()) return LlavaProcessor::from_directory(recipe.vision_tower, config, aspect.value_or(usual));
  return {config, cropping_image_processor(config.vision_config.image_size), aspect.value_or(usual)};
}

GenerationConfig generation_of(const LlavaModelRecipe& recipe, const Tokenizer& tokenizer) {
  GenerationConfig generation;
  const fs::path directory = text_directory(recipe);
  if (!directory.empty() && fs::exists(directory / "config.json")) generation = read_generation_config(directory);
  if (generation.end_tokens().empty())
    if (const auto end = tokenizer.token_to_id(llava_end_token)) generation.eos_token_id = *end;
  return generation;
}

// What every dialogue needs: a place for the picture, the words, and an end that the model can say.
void expect_to_talk(const DialogueForm& form, const Tokenizer& tokenizer, const GenerationConfig& generation) {
  const std::string words = "What is it?";
  const InstructionSample sample{.id = "", .image = "picture", .rounds = {{.question = words, .answer = "A dog."}}};
  const DialogueTokens tokens = tokenize_dialogue(sample, form, tokenizer);
  const auto places = std::ranges::count(tokens.ids, *tokenizer.token_to_id(image_token));
  check(places == 1, "chat_template: expected one {} for a picture, got {}: name a template that knows pictures", image_token,
        places);
  if (form.answers_alone) return;
  const std::string text = write_out(sample, form).text.text;
  check(text.find(words) != std::string::npos && text.find("{\"type") == std::string::npos &&
            text.find("{'type") == std::string::npos,
        "chat_template: expected a turn's text as it is, got: {}", text);
  const std::vector<int64_t> ends = generation.end_tokens();
  bool has_end = false;
  for (std::size_t i = 0; i < tokens.ids.size(); ++i)
    has_end = has_end || (tokens.is_learned[i] != 0 && std::ranges::count(ends, tokens.ids[i]) > 0);
  check(has_end, "chat_template: expected an answer to end with a token that ends generation, got: {}", text);
}

}  // namespace

LlavaInTraining make_llava(const LlavaModelRecipe& recipe, std::uint64_t seed) {
  torch::manual_seed(seed);
  const DialogueForm form = form_of(recipe, recipe.chat_template);
  // A caption's form teaches a projector; what the model talks by stays its own.
  const DialogueForm talk = form.answers_alone ? form_of(recipe, "") : form;
  json tokenizer_json = with_image_token(tokenizer_of(recipe, form));
  const Tokenizer tokenizer = Tokenizer::from_json(tokenizer_json, "tokenizer.json");
  const GenerationConfig generation = generation_of(recipe, tokenizer);
  expect_to_talk(form, tokenizer, generation);
  const LlavaConfig config = config_of(recipe, tokenizer);
  return {.checkpoint = {.model = make_model(recipe, config),
                         .tokenizer = tokenizer,
                         .processor = processor_of(recipe, config),
                         .generation = generation},
          .files = {.tokenizer = std::move(tokenizer_json),
                    .tokenizer_config = tokenizer_config_of(recipe),
                    .chat_template = talk.chat_template.source()},
          .form = form};
}

}  // namespace omma
