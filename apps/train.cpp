// omma train: a recipe to a trained model.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/log.h"
#include "omma/recipes/run_recipe.h"
#include "omma/recipes/stages.h"

namespace omma::app {
namespace fs = std::filesystem;
namespace {

struct TrainOptions : CommonOptions {
  std::string recipe;
  std::vector<std::string> overrides;
  bool resume = false;
};

// What holds for the stages of a recipe, too.
std::vector<std::string> machine_overrides(const TrainOptions& options) {
  std::vector<std::string> overrides;
  if (options.device != "auto") overrides.push_back("device=" + dump_json(options.device));
  if (options.threads > 0) overrides.push_back("threads=" + std::to_string(options.threads));
  return overrides;
}

// Trains the stages of `recipe` that have not been run, and theirs, each in its run_directory(); one that was interrupted goes on.
// The signal that stopped one, 0 for none.
int train_stages(const TrainOptions& options, const json& recipe, std::string_view where) {
  for (const fs::path& stage : missing_stages(recipe)) {
    const fs::path out = run_directory(stage);
    log_info("{} starts from the model of {}, which is trained first, in {}", where, stage.string(), out.string());
    const json first = read_recipe(stage, machine_overrides(options));
    if (const int signal = train_stages(options, first, stage.string()); signal != 0) return signal;
    const bool begun = fs::exists(checkpoint_file(out));
    const TrainingOutcome outcome = run_recipe(first, stage.string(), {.out = out, .resume = begun, .stop_after = {}});
    if (outcome.signal != 0) return outcome.signal;
  }
  return 0;
}

void print_outcome(const TrainOptions& options, const TrainingOutcome& outcome) {
  const std::filesystem::path model = std::filesystem::path(options.out) / "model";
  const bool saved = std::filesystem::exists(model);  // not where it was stopped before its first validation
  if (options.json) {
    json line = to_json(outcome);
    line["out"] = options.out;
    line["model"] = saved ? json(model.string()) : json();
    print_line(line);
    return;
  }
  const bool stopped = outcome.end == TrainingOutcome::End::stopped;
  print("{} at step {} after {:.0f} s, loss {:.4f}; ", name_of(outcome.end), outcome.step, outcome.seconds, outcome.loss);
  if (saved) print("{} in {}\n", stopped ? "model of an earlier step" : "model", model.string());
  if (!saved) print("no model yet, --resume goes on from the checkpoint in {}\n", options.out);
  if (!outcome.validation.empty()) print("{}\n", dump_json(outcome.validation, 2));
  if (!outcome.data_faults.empty()) print("faults in the data: {}\n", outcome.data_faults);
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
  for (const char* field : {"initial_weights", "tokenizer", "vision_tower", "language_model"})
    if (recipe.contains(field)) add_recipe_data(inputs, recipe[field]);
  std::vector<std::string> files = {"log.jsonl", "checkpoint.safetensors"};
  if (!options.resume) {
    inputs.add_settings(find_recipe(options.recipe));
    files.push_back("recipe.json");
  }
  expect_output_folder(inputs, options.out, files);
  expect_output_folder(inputs, std::filesystem::path(options.out) / "model");
}

int run_train(TrainOptions options) {
  apply(options);
  const fs::path file = find_recipe(options.recipe);
  const std::string where = file.string();
  const auto machine = machine_overrides(options);
  options.overrides.insert(options.overrides.end(), machine.begin(), machine.end());
  if (options.out.empty()) options.out = run_directory(file).string();
  const json recipe = read_recipe(file, options.overrides);
  expect_output_of_run(options, recipe);
  const auto collective = Collective::from_environment(torch::Device(recipe.value("device", "cpu")));
  if (collective == nullptr && !options.resume && !missing_stages(recipe).empty()) {
    check_recipe(recipe, where);  // before another's hours of training
    if (const int signal = train_stages(options, recipe, where); signal != 0) return kStoppedBySignal + signal;
  }
  const TrainingOutcome outcome =
      run_recipe(recipe, where, {.out = options.out, .resume = options.resume, .stop_after = {}, .collective = collective.get()});
  if (collective == nullptr || collective->rank() == 0) print_outcome(options, outcome);  // one of them tells
  return outcome.signal != 0 ? kStoppedBySignal + outcome.signal : kDone;
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App& command = *app.add_subcommand("train", "train a model by a recipe");
  command.add_option("RECIPE", options->recipe, "a JSON file, or the name of one of the program's own")->required()->type_name("");
  command.add_option("--out", options->out, "directory of the run (default: out/<recipe>)")->type_name("DIR");
  command.add_flag("--resume", options->resume, "go on from the run's checkpoint");
  command.add_option("--set", options->overrides, "override a field of the recipe; repeat for several")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command.add_option("--device", options->device, "cpu or cuda[:N] (default: the recipe's)")->type_name("D");
  add_run_flags(command, *options);
  add_command(command, "omma train recipes/blip-nano-vision.json --set steps=100", [options] { return run_train(*options); });
}

}  // namespace omma::app
