// omma train: a recipe to a trained model.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
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

int run_train(TrainOptions options) {
  apply(options);
  if (options.device != "auto") options.overrides.push_back("device=" + dump_json(options.device));
  if (options.threads > 0) options.overrides.push_back("threads=" + std::to_string(options.threads));
  if (options.out.empty()) options.out = "out/" + std::filesystem::path(options.recipe).stem().string();
  const json recipe = read_recipe(options.recipe, options.overrides);
  const auto collective = Collective::from_environment(torch::Device(recipe.value("device", "cpu")));
  const TrainingOutcome outcome = run_recipe(
      recipe, options.recipe, {.out = options.out, .resume = options.resume, .stop_after = {}, .collective = collective.get()});
  if (collective != nullptr && collective->rank() > 0) return kDone;  // rank 0 tells
  json summary = {{"out", options.out},   {"stopped", name_of(outcome.end)}, {"step", outcome.step},
                  {"loss", outcome.loss}, {"seconds", outcome.seconds},      {"validation", outcome.validation}};
  if (!outcome.data_faults.empty()) summary["data_faults"] = outcome.data_faults;
  if (options.json)
    print_line(summary);
  else
    fmt::print("{} at step {} after {:.0f} s, loss {:.4f}; model in {}/model\n{}\n", name_of(outcome.end), outcome.step,
               outcome.seconds, outcome.loss, options.out, dump_json(outcome.validation, 2));
  if (!options.json && !outcome.data_faults.empty()) fmt::print("faults in the data: {}\n", outcome.data_faults);
  return kDone;
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
