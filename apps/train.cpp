// omma train: a recipe to a trained model.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "omma/base/log.h"
#include "omma/train/run_recipe.h"
#include "omma/train/stages.h"

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
// False where a signal stops one.
bool train_stages(const TrainOptions& options, const json& recipe, std::string_view where) {
  for (const fs::path& stage : missing_stages(recipe)) {
    const fs::path out = run_directory(stage);
    log_info("{} starts from the model of {}, which is trained first, in {}", where, stage.string(), out.string());
    const json first = read_recipe(stage, machine_overrides(options));
    if (!train_stages(options, first, stage.string())) return false;
    const bool begun = fs::exists(checkpoint_file(out));
    if (run_recipe(first, stage.string(), {.out = out, .resume = begun, .stop_after = {}}).end == TrainingOutcome::End::stopped)
      return false;
  }
  return true;
}

int run_train(TrainOptions options) {
  apply(options);
  const fs::path file = find_recipe(options.recipe);
  const std::string where = file.string();
  const auto machine = machine_overrides(options);
  options.overrides.insert(options.overrides.end(), machine.begin(), machine.end());
  if (options.out.empty()) options.out = run_directory(file).string();
  const json recipe = read_recipe(file, options.overrides);
  const auto collective = Collective::from_environment(torch::Device(recipe.value("device", "cpu")));
  if (collective == nullptr && !options.resume && !missing_stages(recipe).empty()) {
    check_recipe(recipe, where);                                 // before another's hours of training
    if (!train_stages(options, recipe, where)) return kFailure;  // the log says how far it came
  }
  const TrainingOutcome outcome =
      run_recipe(recipe, where, {.out = options.out, .resume = options.resume, .stop_after = {}, .collective = collective.get()});
  if (collective != nullptr && collective->rank() > 0) return kDone;  // rank 0 tells
  if (options.json) {
    json summary = to_json(outcome);
    summary["out"] = options.out;
    print_line(summary);
  } else {
    fmt::print("{} at step {} after {:.0f} s, loss {:.4f}; model in {}/model\n{}\n", name_of(outcome.end), outcome.step,
               outcome.seconds, outcome.loss, options.out, dump_json(outcome.validation, 2));
    if (!outcome.data_faults.empty()) fmt::print("faults in the data: {}\n", outcome.data_faults);
  }
  return kDone;
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
