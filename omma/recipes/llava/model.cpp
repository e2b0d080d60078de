#include "omma/recipes/llava/model.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/clip/matcher.h"
#include "omma/models/llama/predictor.h"
#include "omma/nn/chat_generation.h"
#include "omma/nn/weights.h"
#include "omma/recipes/llava/vocabulary.h"
#include "omma/text/sentencepiece.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// Whose tokenizer and templates it gets; "": nobody's.
std::string text_directory(const LlavaModelRecipe& recipe) {
  return recipe.tokenizer.empty() ? recipe.language_model : recipe.tokenizer;
}

DialogueForm form_of(const LlavaModelRecipe& recipe) {
  const std::string& name = recipe.chat_template;
  const fs::path directory = text_directory(recipe);
  if (name.find("{%") != std::string::npos) return {.chat_template = ChatTemplate::from_source(name, "chat_template")};
  if (name.empty() && (directory.empty() || !ChatTemplate::has_template(directory)))
    return {.chat_template = ChatTemplate::built_in("vicuna_v1")};
  return {.chat_template = find_chat_template(directory, name), .answers_alone = name == "plain"};
}

json tokenizer_of(const LlavaModelRecipe& recipe, const DialogueForm& form) {
  const fs::path directory = text_directory(recipe);
  if (directory.empty()) return llava_world_tokenizer(form);
  return fs::exists(directory / "tokenizer.json") ? read_json(directory / "tokenizer.json")
                                                  : read_sentencepiece_tokenizer(directory);
}

// Adds the picture's token where there is none.
void expect_image_token(json& tokenizer) {
  const Tokenizer known = Tokenizer::from_json(tokenizer, "tokenizer.json");
  if (known.token_to_id(image_token)) return;
  tokenizer["added_tokens"].push_back({{"id", known.largest_id() + 1},
                                       {"content", image_token},
                                       {"single_word", false},
                                       {"lstrip", false},
                                       {"rstrip", false},
                                       {"normalized", false},
                                       {"special", true}});
}

json tokenizer_config_of(const LlavaModelRecipe& recipe) {
  const fs::path file = fs::path(text_directory(recipe)) / "tokenizer_config.json";
  json config = fs::exists(file) ? read_json(file)
                                 : json{{"tokenizer_class", "PreTrainedTokenizerFast"},
                                        {"clean_up_tokenization_spaces", false},
                                        {"eos_token", llava_end_token},
                                        {"pad_token", llava_end_token}};
  config["image_token"] = image_token;
  return config;
}

json read_part(const std::string& directory) { return read_json(fs::path(directory) / "config.json"); }

LlavaConfig config_of(const LlavaModelRecipe& recipe, const Tokenizer& tokenizer) {
  json model = recipe.model;
  if (!model.contains("model_type")) model["model_type"] = "llava";
  if (!recipe.vision_tower.empty()) model["vision_config"] = read_part(recipe.vision_tower).at("vision_config");
  if (!recipe.language_model.empty()) model["text_config"] = read_part(recipe.language_model);
  json& text = model["text_config"];
  if (!text.contains("model_type")) text["model_type"] = "llama";
  const std::int64_t words = tokenizer.largest_id() + 1;
  text["vocab_size"] = std::max(text.value("vocab_size", words), words);
  model["image_token_index"] = *tokenizer.token_to_id(image_token);
  model.erase("image_token_id");
  return read_llava_config(model, "model");
}

// Weights of the same names. Rows beyond theirs, of new words, are the mean of theirs.
void copy_weights(torch::nn::Module& to, const torch::nn::Module& from) {
  torch::NoGradGuard no_grad;
  const auto theirs = from.named_parameters();
  for (const auto& item : to.named_parameters()) {
    const Tensor& source = theirs[item.key()];
    const int64_t rows = source.size(0);
    item.value().narrow(0, 0, rows).copy_(source);
    if (item.value().size(0) > rows) item.value().narrow(0, rows, item.value().size(0) - rows).copy_(source.mean(0, true));
  }
}

void initialise(Llava& model, const LlavaModelRecipe& recipe) {
  model->vision_tower->init_weights();
  model->language_model->initialise(model->config().text_config.initializer_range);
  if (model->config().next) {
    torch::NoGradGuard no_grad;
    model->image_newline.normal_(0, 1 / std::sqrt(static_cast<double>(model->config().text_config.hidden_size)));
  }
  if (!recipe.language_model.empty())
    copy_weights(*model->language_model, *load_llama(recipe.language_model, {.dtype = torch::kFloat32}));
}

Llava make_model(const LlavaModelRecipe& recipe, const LlavaConfig& config) {
  Llava model = nullptr;
  if (recipe.initial_weights.empty()) {
    model = Llava(config);
    initialise(model, recipe);
  } else {
    check(recipe.initial_weights.size() == 1, "initial_weights: expected one LLaVA, got {}", recipe.initial_weights.size());
    check(recipe.language_model.empty(), "language_model: the LLaVA of initial_weights has one already");
    const std::string& directory = recipe.initial_weights.front();
    model = load_model<Llava>(config, read_weights(directory), llava_keys(config), directory);
  }
  if (!recipe.vision_tower.empty()) copy_weights(*model->vision_tower, *ClipMatcher(recipe.vision_tower).model()->vision_model);
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
  if (const fs::path directory = text_directory(recipe); !directory.empty()) generation = read_generation_config(directory);
  if (generation.end_tokens().empty())
    if (const auto end = tokenizer.token_to_id(llava_end_token)) generation.eos_token_id = *end;
  return generation;
}

}  // namespace

LlavaInTraining make_llava(const LlavaModelRecipe& recipe, std::uint64_t seed) {
  torch::manual_seed(seed);
  const DialogueForm form = form_of(recipe);
  json tokenizer_json = tokenizer_of(recipe, form);
  expect_image_token(tokenizer_json);
  const Tokenizer tokenizer = Tokenizer::from_json(tokenizer_json, "tokenizer.json");
  const LlavaConfig config = config_of(recipe, tokenizer);
  const fs::path directory = text_directory(recipe);
  // A caption's form teaches a projector; what the model talks by stays its own.
  const bool keeps_template = form.answers_alone && !directory.empty() && ChatTemplate::has_template(directory);
  const ChatTemplate talk = keeps_template       ? ChatTemplate::from_directory(directory)
                            : form.answers_alone ? ChatTemplate::built_in("vicuna_v1")
                                                 : form.chat_template;
  return {.checkpoint = {.model = make_model(recipe, config),
                         .tokenizer = tokenizer,
                         .processor = processor_of(recipe, config),
                         .generation = generation_of(recipe, tokenizer)},
          .files = {.tokenizer = std::move(tokenizer_json),
                    .tokenizer_config = tokenizer_config_of(recipe),
                    .chat_template = talk.source()},
          .form = form};
}

}  // namespace omma
