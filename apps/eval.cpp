// omma eval: how good a model is on a data set.
#include "apps/eval.h"

#include "apps/commands.h"
#include "apps/process.h"
#include "apps/table.h"
#include "apps/training_split.h"
#include "omma/base/error.h"

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
    print("{}", figures_text(figures));
}

void add_class_flag(CLI::App& command, std::vector<std::string>& pairs) {
  command.add_option("--class", pairs, "phrase for a class of the files; repeat for several")
      ->allow_extra_args(false)
      ->type_name("NAME=PHRASE");
}

std::map<std::string, std::string> parse_class_phrases(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> phrases;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    check(equals != std::string::npos, "--class: expected NAME=PHRASE, got \"{}\"", pair);
    phrases[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return phrases;
}

void add_training_flag(CLI::App& command, JudgedData& judged) {
  command
      .add_option("--train-data", judged.training,
                  "the training split, whose mean count is a baseline; default: the split train of --data")
      ->type_name("KIND:PATH");
}

void add_eval(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("eval", "measure a model on a data set");
  command.require_subcommand(1);
  add_eval_detection(command);
  add_eval_segmentation(command);
  add_eval_caption(command);
  add_eval_retrieval(command);
  add_eval_matching(command);
  add_eval_vqa(command);
  add_eval_zeroshot(command);
  add_eval_pope(command);
  add_eval_instruct(command);
  add_eval_agent(command);
}

}  // namespace omma::app
