#include "omma/recipes/stages.h"

#include <array>

#include "omma/base/did_you_mean.h"
#include "omma/base/error.h"
#include "omma/base/program_data.h"
#include "omma/models/zoo.h"
#include "omma/train/trainer.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// A model's parts that a recipe may name, and where the model's config describes them.
struct ModelPart {
  const char *field, *config;
};
constexpr std::array<ModelPart, 2> model_parts = {{{"vision_tower", "vision_config"}, {"language_model", "text_config"}}};

bool names_recipe(const std::string& from) { return from.ends_with(".json"); }

fs::path model_of(const fs::path& recipe) { return run_directory(recipe) / "model"; }

bool is_done(const fs::path& recipe) {
  return fs::exists(outcome_file(run_directory(recipe))) && fs::is_directory(model_of(recipe));
}

bool is_stage_to_be(const json& from) { return from.is_string() && names_recipe(from) && !is_done(from.get<std::string>()); }

// What a stage's model will be, as far as recipes tell.
json model_to_be(const std::string& stage) {
  return with_stages_described(with_start_completed(read_json(find_recipe(stage)))).value("model", json::object());
}

std::vector<std::string> file_names(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename().string());
  return names;
}

std::string found_model(const std::string& from) {
  if (names_recipe(from)) {
    const fs::path model = model_of(from);
    check(fs::is_directory(model), "{}: no such model; it is made by: omma train {}", model.string(), from);
    return model.string();
  }
  return fs::exists(from) ? from : find_model(from).string();
}

}  // namespace

fs::path find_recipe(std::string_view name) {
  if (fs::is_regular_file(name)) return name;
  const auto recipes = find_program_data("recipes");
  std::string own(name.starts_with("recipes/") ? name.substr(8) : name);
  if (!own.ends_with(".json")) own += ".json";
  if (recipes && own.find('/') == std::string::npos && fs::is_regular_file(*recipes / own)) return *recipes / own;
  fail("{}: no such recipe, neither a file nor one of {}{}", name, recipes ? recipes->string() : "the program's own",
       recipes ? did_you_mean(own, file_names(*recipes)) : "");
}

fs::path run_directory(const fs::path& recipe) { return fs::path("out") / recipe.stem(); }

std::vector<fs::path> missing_stages(const json& recipe) {
  std::vector<fs::path> missing;
  const auto need = [&](const json& from) {
    if (is_stage_to_be(from)) missing.push_back(find_recipe(from.get<std::string>()));
  };
  for (const ModelPart& part : model_parts) need(recipe.value(part.field, json()));
  for (const json& from : recipe.value("initial_weights", json::array())) need(from);
  return missing;
}

json with_start_completed(json recipe) {
  const auto weights = recipe.find("initial_weights");
  if (weights == recipe.end() || !weights->is_array() || weights->empty() || !weights->front().is_string()) return recipe;
  const std::string first = weights->front();
  if (const auto lora = recipe.find("lora"); lora != recipe.end() && lora->is_object()) {
    json& base = (*lora)["base"];
    if (base.is_null()) base = names_recipe(first) ? model_of(first).string() : first;
  }
  if (recipe.value("task", json()) == "llava" && !recipe.contains("tokenizer")) recipe["tokenizer"] = first;
  if (recipe.contains("model")) return recipe;
  const fs::path place = names_recipe(first) ? model_of(first) : fs::path(found_model(first));
  if (fs::is_regular_file(place / "config.json"))
    recipe["model"] = read_json(place / "config.json");
  else if (names_recipe(first))  // a stage that has not been trained
    recipe["model"] = model_to_be(first);
  return recipe;
}

json with_stages_described(json recipe) {
  recipe.erase("initial_weights");
  for (const auto& [field, config] : model_parts) {
    if (!is_stage_to_be(recipe.value(field, json()))) continue;
    const json part = model_to_be(recipe[field]);
    recipe["model"][config] = part.value(config, part);
    recipe.erase(field);
  }
  if (is_stage_to_be(recipe.value("tokenizer", json()))) recipe.erase("tokenizer");
  return recipe;
}

json with_found_models(json recipe) {
  if (recipe.contains("initial_weights") && recipe["initial_weights"].is_array())
    for (json& from : recipe["initial_weights"])
      if (from.is_string()) from = found_model(from);
  for (const char* field : {"tokenizer", "teacher", "vision_tower", "language_model"})
    if (const auto from = recipe.find(field); from != recipe.end() && from->is_string() && *from != "") *from = found_model(*from);
  return recipe;
}

}  // namespace omma
