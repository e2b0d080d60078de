// omma eval: how good a model is on a data set.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "omma/agent/evaluate.h"
#include "omma/agent/known_objects.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/eval/detection_evaluation.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalOptions : CommonOptions {
  std::string data = "world:", split = "val";
  std::vector<std::string> class_phrases;
  WorldQuestionOptions world;
  DetectionEvaluationOptions detection;
  bool choose_threshold = false;
};

bool is_world(const EvalOptions& options) { return options.data == "world" || options.data == "world:"; }

DetectionQuestions open_questions(const EvalOptions& options) {
  if (is_world(options)) {
    WorldQuestionOptions world = options.world;
    world.split = parse_split(options.split);
    return world_questions(world);
  }
  DetectionDatasetOptions dataset;
  for (const std::string& pair : options.class_phrases) {
    const std::size_t equals = pair.find('=');
    check(equals != std::string::npos, "--class: expected NAME=PHRASE, got \"{}\"", pair);
    dataset.class_phrases[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return questions_of(open_detection_dataset(options.data, options.split, dataset));
}

int run_eval_detection(const EvalOptions& options) {
  apply(options);
  const auto directory = find_model(options.model.empty() ? "grounding-dino-nano" : options.model);
  const auto detector = load_detector(directory, load_options(options));
  const DetectionQuestions questions = open_questions(options);
  json line = evaluate_detection(*detector, questions, options.detection).to_json();
  line["model"] = directory.string();
  line["data"] = options.data;
  line["split"] = options.split;
  if (options.choose_threshold) {
    const ThresholdChoice choice = choose_threshold(*detector, questions, options.detection);
    line["best_threshold"] = choice.threshold;
    line["best_f1"] = choice.f1;
  }
  if (options.json)
    print_line(line);
  else
    fmt::print("{}\n", dump_json(line, 2));
  return kDone;
}

void add_eval_detection(CLI::App& eval) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App& command = *eval.add_subcommand("detection", "COCO's AP and AR, absent phrases, counting");
  command.add_option("--data", options->data, "world, coco, voc or odvg, and where it is")
      ->capture_default_str()
      ->type_name("KIND:PATH");
  command.add_option("--split", options->split, "part of the data set")->capture_default_str()->type_name("S");
  command.add_option("--class", options->class_phrases, "phrase for a class of the files; repeat for several")
      ->allow_extra_args(false)
      ->type_name("NAME=PHRASE");
  command.add_option("--count", options->world.count, "world: scenes")->capture_default_str()->type_name("N");
  command.add_option("--seed", options->world.seed, "world: seed")->capture_default_str()->type_name("S");
  command.add_option("--phrases", options->world.phrases, "world: phrases of a prompt")
      ->check(CLI::Range(1, 32))
      ->capture_default_str()
      ->type_name("N");
  command.add_flag("--pairs", options->world.pairs, "world: ask for \"red dog\" rather than \"dog\"");
  command.add_option("--threshold", options->detection.threshold, "for counting and absent phrases")
      ->capture_default_str()
      ->type_name("X");
  command.add_flag("--choose-threshold", options->choose_threshold, "tell the threshold of the best F1");
  add_model_flags(command, *options);
  add_command(command, [options] { return run_eval_detection(*options); });
}

struct EvalAgentOptions : CommonOptions {
  std::string llm = "planner-nano", detector = "grounding-dino-nano", split = "test";
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
  std::shared_ptr<Detector> detector;
  if (!options.oracle) detector = load_detector(find_model(options.detector), load_options(options));
  if (!options.answers.empty()) write_file(options.answers, "");  // a path that cannot be written is told before the work
  std::string lines;
  const json figures = evaluate_agent(
      *model,
      [&](const Scene& scene) -> std::shared_ptr<Detector> {
        if (options.oracle) return std::make_shared<KnownObjectDetector>(known_objects(scene));
        return detector;
      },
      options.evaluation, [&](const AgentAnswer& answer) { lines += dump_json(to_json(answer)) + "\n"; });
  if (!options.answers.empty()) write_file(options.answers, lines);
  if (options.json)
    print_line(figures);
  else
    fmt::print("{}\n", dump_json(figures, 2));
  return kDone;
}

void add_eval_agent(CLI::App& eval) {
  auto options = std::make_shared<EvalAgentOptions>();
  CLI::App& command = *eval.add_subcommand("agent", "share of right answers about unseen scenes, by type of question");
  command.add_option("--llm", options->llm, "language model")->capture_default_str()->type_name("DIR|ID");
  command.add_option("--detector", options->detector, "what detect_objects uses")->capture_default_str()->type_name("DIR|ID");
  command.add_flag("--oracle", options->oracle, "the tool knows the scene: errors are the planner's alone");
  command.add_option("--scenes", options->evaluation.scenes, "scenes")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--seed", options->evaluation.seed, "seed")->capture_default_str()->type_name("S");
  command.add_option("--split", options->split, "part of the world")->capture_default_str()->type_name("S");
  command.add_option("--answers", options->answers, "write every question, its steps and its answer as JSON lines")
      ->type_name("FILE");
  add_run_flags(command, *options);
  add_command(command, [options] { return run_eval_agent(*options); });
}

}  // namespace

void add_eval(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("eval", "measure a model on a data set");
  command.require_subcommand(1);
  add_eval_detection(command);
  add_eval_agent(command);
}

}  // namespace omma::app
