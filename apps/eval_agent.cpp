// omma eval agent: how often an agent answers right.
#include <memory>

#include "apps/eval.h"
#include "apps/picture_models.h"
#include "omma/agent/evaluate.h"
#include "omma/base/file.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalAgentOptions : CommonOptions {
  std::string llm = "planner-nano", split = "test";
  PictureModelOptions models;
  AgentEvaluationOptions evaluation;
  std::filesystem::path answers;
  bool oracle = false;
};

json to_json(const AgentAnswer& answer) {
  json line = to_json(answer.result);
  line.update({{"scene", answer.scene}, {"question", answer.question}, {"expected", answer.expected}, {"right", answer.right}});
  return line;
}

int run_eval_agent(EvalAgentOptions options) {
  apply(options);
  options.evaluation.scene.split = parse_split(options.split);
  const auto model = load_language_model(find_model(options.llm), load_options(options));
  std::optional<PictureModels> models;
  if (!options.oracle) models = open_picture_models(options.models, load_options(options));
  if (!options.answers.empty()) write_file(options.answers, "");  // a path that cannot be written is told before the work
  std::string lines;
  const json figures = evaluate_agent(*model, models, options.evaluation,
                                      [&](const AgentAnswer& answer) { lines += dump_json(to_json(answer)) + "\n"; });
  if (!options.answers.empty()) write_file(options.answers, lines);
  print_figures(figures, options.json);
  return kDone;
}

}  // namespace

void add_eval_agent(CLI::App& eval) {
  auto options = std::make_shared<EvalAgentOptions>();
  CLI::App& command = *eval.add_subcommand("agent", "share of right answers about unseen scenes, by type of question");
  command.add_option("--llm", options->llm, "language model")->capture_default_str()->type_name("DIR|ID");
  add_picture_model_flags(command, options->models);
  command.add_flag("--oracle", options->oracle, "the tools know the scene: errors are the planner's alone");
  command.add_option("--scenes", options->evaluation.scenes, "scenes")->capture_default_str()->type_name("N");
  command.add_option("--seed", options->evaluation.seed, "seed")->capture_default_str()->type_name("S");
  command.add_option("--split", options->split, "part of the world")->capture_default_str()->type_name("S");
  command.add_option("--answers", options->answers, "write every question, its steps and its answer as JSON lines")
      ->type_name("FILE");
  add_run_flags(command, *options);
  add_command(command, "omma eval agent --scenes 20", [options] { return run_eval_agent(*options); });
}

}  // namespace omma::app
