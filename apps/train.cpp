// omma train: a recipe to a trained model.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "omma/train/run_recipe.h"

namespace omma::app {
namespace {

struct TrainOptions : CommonOptions {
  std::string recipe;
  std::vector<std::string> overrides;
  bool resume = false;
};

std::string_view name_of(TrainingOutcome::End end) {
  switch (end) {
    case TrainingOutcome::End::finished:
      return "finished";
    case TrainingOutcome::End::time_up:
      return "time_up";
    case TrainingOutcome::End::stopped:
      return "stopped";
  }
  return "";
}

void print_outcome(const TrainOptions& options, const TrainingOutcome& outcome) {
  const std::filesystem::path model = std::filesystem::path(options.out) / "model";
  const bool saved = std::filesystem::exists(model);  // not where it was stopped before its first validation
  if (options.json) {
    print_line({{"out", options.out},
                {"stopped", name_of(outcome.end)},
                {"step", outcome.step},
                {"loss", outcome.loss},
                {"seconds", outcome.seconds},
                {"model", saved ? json(model.string()) : json()},
                {"validation", outcome.validation}});
    return;
  }
  const bool stopped = outcome.end == TrainingOutcome::End::stopped;
  fmt::print("{} at step {} after {:.0f} s, loss {:.4f}; ", name_of(outcome.end), outcome.step, outcome.seconds, outcome.loss);
  if (saved) fmt::print("{} in {}\n", stopped ? "model of an earlier step" : "model", model.string());
  if (!saved) fmt::print("no model yet, --resume goes on from the checkpoint in {}\n", options.out);
  if (!outcome.validation.empty()) fmt::print("{}\n", dump_json(outcome.validation, 2));
}

// A name, a list of them, or of data sets with their classes.
void add_recipe_data(InputPaths& inputs, const json& value, const std::filesystem::path& root = {}) {
  if (value.is_string()) add_data(inputs, value.get<std::string>(), root);
  if (value.is_object() && value.contains("data")) add_recipe_data(inputs, value["data"], root);
  if (value.is_array())
    for (const json& part : value) add_recipe_data(inputs, part, root);
}

// A run writes these files, and a model in a folder of its own.
void expect_output_of_run(const TrainOptions& options, const json& recipe) {
  InputPaths inputs;
  const json root = recipe.value("data_root", json(""));
  for (const char* field : {"data", "validation_data"})
    if (recipe.contains(field)) add_recipe_data(inputs, recipe[field], root.is_string() ? root.get<std::string>() : "");
  for (const char* field : {"initial_weights", "tokenizer"})
    if (recipe.contains(field)) add_recipe_data(inputs, recipe[field]);
  std::vector<std::string> files = {"log.jsonl", "checkpoint.safetensors"};
  if (!options.resume) {
    inputs.add_settings(options.recipe);
    files.push_back("recipe.json");
  }
  expect_output_folder(inputs, options.out, files);
  expect_output_folder(inputs, std::filesystem::path(options.out) / "model");
}

int run_train(TrainOptions options) {
  apply(options);
  if (options.device != "auto") options.overrides.push_back("device=" + dump_json(options.device));
  if (options.threads > 0) options.overrides.push_back("threads=" + std::to_string(options.threads));
  if (options.out.empty()) options.out = "out/" + std::filesystem::path(options.recipe).stem().string();
  const json recipe = read_recipe(options.recipe, options.overrides);
  expect_output_of_run(options, recipe);
  const auto collective = Collective::from_environment(torch::Device(recipe.value("device", "cpu")));
  const TrainingOutcome outcome = run_recipe(
      recipe, options.recipe, {.out = options.out, .resume = options.resume, .stop_after = {}, .collective = collective.get()});
  const int status = outcome.signal != 0 ? kStoppedBySignal + outcome.signal : kDone;
  if (collective == nullptr || collective->rank() == 0) print_outcome(options, outcome);  // one of them tells
  return status;
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App& command = *app.add_subcommand("train", "train a model by a recipe");
  command.add_option("RECIPE", options->recipe, "a JSON file, see recipes/")->required()->type_name("");
  command.add_option("--out", options->out, "directory of the run (default: out/<recipe>)")->type_name("DIR");
  command.add_flag("--resume", options->resume, "go on from the run's checkpoint");
  command.add_option("--set", options->overrides, "override a field of the recipe; repeat for several")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command.add_option("--device", options->device, "cpu or cuda[:N] (default: the recipe's)")->type_name("D");
  add_run_flags(command, *options);
  add_command(command, [options] { return run_train(*options); });
}

}  // namespace omma::app
