// omma eval pope and instruct: whether a model that answers questions tells of what is there, and of nothing else.
#include <memory>

#include "apps/eval.h"
#include "apps/language_evaluation.h"
#include "omma/eval/instruct_evaluation.h"
#include "omma/eval/pope.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalPopeOptions : LanguageEvalOptions {
  AnswerOptions answer;
  std::uint64_t seed = 0;
  std::filesystem::path images;
  bool ask_short = false;
  bool blind = false;
};

void add_blind_flag(CLI::App& command, bool& blind) {
  command.add_flag("--blind", blind, "show an even grey in place of each picture");
}

int run_eval_pope(const EvalPopeOptions& options) {
  const auto model = prepare(options, "answer");
  const auto data = open_pope_data(
      options.data, options.split,
      {.seed = options.seed, .count = options.count, .images = options.images, .max_fault_share = options.max_fault_share});
  log_faults(data->report(), options.data);
  const auto answerer = load_answerer(model, load_options(options));
  const PopeEvaluation evaluation = evaluate_pope(*answerer, *data,
                                                  {.answer = options.answer,
                                                   .ask_short = options.ask_short,
                                                   .blind = options.blind,
                                                   .batch = options.batch,
                                                   .max_fault_share = options.max_fault_share});
  std::vector<json> lines;
  for (const PopeAnswer& each : evaluation.answers)
    lines.push_back({{"question_id", each.question.id},
                     {"setting", each.question.setting},
                     {"image", data->key(each.question.picture)},
                     {"text", each.question.text},
                     {"label", each.question.yes ? "yes" : "no"},
                     {"answer", each.answer},
                     {"read", each.said_yes ? "yes" : "no"}});
  report(evaluation.to_json(), lines, model, data->report(), evaluation.left_out, options);
  return kDone;
}

struct EvalInstructOptions : LanguageEvalOptions {
  AnswerOptions answer;
  std::uint64_t seed = 0;
  bool blind = false;
};

int run_eval_instruct(EvalInstructOptions options) {
  const auto model = prepare(options, "answer");
  options.answer.generation.sample = samples(options.answer.generation);
  if (!options.answer.generation.max_tokens) options.answer.generation.max_tokens = 200;  // a description, and not a word
  const auto data = open_picture_texts(options.data, options.split, {.max_fault_share = options.max_fault_share});
  log_faults(data->report(), options.data);
  const auto answerer = load_answerer(model, load_options(options));
  const InstructEvaluation evaluation = evaluate_instructions(
      *answerer, *data,
      {.answer = options.answer, .count = options.count, .batch = options.batch, .seed = options.seed, .blind = options.blind});
  std::vector<json> lines;
  for (const JudgedSaying& each : evaluation.sayings)
    lines.push_back({{"key", each.key},
                     {"kind", each.kind},
                     {"question", each.question},
                     {"reference", each.reference},
                     {"answer", each.answer},
                     {"true", each.right},
                     {"false", each.wrong},
                     {"undecided", each.undecided},
                     {"invented", each.invented}});
  report(evaluation.to_json(), lines, model, data->report(), DatasetReport(), options);
  return kDone;
}

}  // namespace

void add_eval_pope(CLI::App& eval) {
  auto options = std::make_shared<EvalPopeOptions>();
  CLI::App& command = *eval.add_subcommand("pope", "questions about what is and is not there: random, popular, adversarial");
  command.add_option("--seed", options->seed, "of the questions")->capture_default_str()->type_name("S");
  command.add_option("--images", options->images, "where the pictures are, if not beside the labels")->type_name("DIR");
  command.add_option("--max-tokens", options->answer.generation.max_tokens, "longest answer (default: the model's)")
      ->type_name("N");
  add_ask_short_flag(command, options->ask_short);
  add_blind_flag(command, options->blind);
  add_data_flags(command, *options, "world, coco, voc, yolo, odvg, or pope (a file of POPE's)");
  add_command(command, "omma eval pope --data world:seed=7,count=50 --split test", [options] { return run_eval_pope(*options); });
}

void add_eval_instruct(CLI::App& eval) {
  auto options = std::make_shared<EvalInstructOptions>();
  CLI::App& command = *eval.add_subcommand("instruct", "facts stated in descriptions and answers, true and invented");
  command.add_option("--question-seed", options->seed, "of the questions")->capture_default_str()->type_name("S");
  add_blind_flag(command, options->blind);
  add_generation_flags(command, options->answer.generation);
  add_data_flags(command, *options, "world");
  add_command(command, "omma eval instruct --data world:seed=7,count=20 --split test",
              [options] { return run_eval_instruct(*options); });
}

}  // namespace omma::app
