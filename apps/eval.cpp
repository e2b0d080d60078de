// omma eval: how good a model is on a data set.
#include "apps/eval.h"

#include "apps/commands.h"
#include "apps/table.h"

namespace omma::app {

void add_fault_share_flag(CLI::App& command, double& max_fault_share) {
  command
      .add_option("--max-fault-share", max_fault_share,
                  "the share of the data that may be left out as faulty; more ends the evaluation")
      ->capture_default_str()
      ->type_name("X");
}

void print_figures(const json& figures, bool as_line) {
  if (as_line)
    print_line(figures);
  else
    fmt::print("{}", figures_text(figures));
}

void add_eval(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("eval", "measure a model on a data set");
  command.require_subcommand(1);
  add_eval_detection(command);
  add_eval_caption(command);
  add_eval_retrieval(command);
  add_eval_matching(command);
  add_eval_vqa(command);
  add_eval_agent(command);
}

}  // namespace omma::app
