// omma eval detection: how well a detector finds what a data set names.
#include <memory>

#include "apps/eval.h"
#include "omma/base/error.h"
#include "omma/eval/detection_evaluation.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalDetectionOptions : CommonOptions {
  std::string data = "world:", split = "val";
  std::vector<std::string> class_phrases;
  WorldQuestionOptions world;
  DetectionEvaluationOptions detection;
  double max_fault_share = .05;
  bool choose_threshold = false;
};

bool is_world(const EvalDetectionOptions& options) { return options.data == "world" || options.data == "world:"; }

DetectionQuestions open_questions(const EvalDetectionOptions& options) {
  if (is_world(options)) {
    check(options.class_phrases.empty(), "--class: the world has no classes, its phrases are its own");
    WorldQuestionOptions world = options.world;
    world.split = parse_split(options.split);
    return world_questions(world);
  }
  DetectionDatasetOptions dataset;
  for (const std::string& pair : options.class_phrases) {
    const std::size_t equals = pair.find('=');
    check(equals != std::string::npos && equals > 0 && equals + 1 < pair.size(), "--class: expected NAME=PHRASE, got \"{}\"", pair);
    dataset.class_phrases[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  dataset.max_fault_share = options.max_fault_share;
  auto opened = open_detection_dataset(options.data, options.split, dataset);
  log_faults(opened->report(), options.data);
  return questions_of(std::move(opened), options.max_fault_share);
}

int run_eval_detection(const EvalDetectionOptions& options) {
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
  if (const DatasetReport faults = questions.report(); faults.total() > 0) line["data_faults"] = faults.summary();
  print_figures(line, options.json);
  return kDone;
}

}  // namespace

void add_eval_detection(CLI::App& eval) {
  auto options = std::make_shared<EvalDetectionOptions>();
  CLI::App& command = *eval.add_subcommand("detection", "COCO's AP and AR, absent phrases, counting");
  command.add_option("--data", options->data, "world, coco, voc, yolo or odvg, and where it is")
      ->capture_default_str()
      ->type_name("KIND:PATH");
  command.add_option("--split", options->split, "part of the data set")->capture_default_str()->type_name("S");
  command.add_option("--class", options->class_phrases, "phrase for a class of the files; repeat for several")
      ->allow_extra_args(false)
      ->type_name("NAME=PHRASE");
  command.add_option("--count", options->world.count, "world: scenes")->capture_default_str()->type_name("N");
  command.add_option("--seed", options->world.seed, "world: seed")->capture_default_str()->type_name("S");
  command.add_option("--phrases", options->world.phrases, "world: phrases of a prompt")->capture_default_str()->type_name("N");
  command.add_flag("--pairs", options->world.pairs, "world: ask for \"red dog\" rather than \"dog\"");
  command.add_option("--threshold", options->detection.threshold, "for counting and absent phrases")
      ->capture_default_str()
      ->type_name("X");
  add_fault_share_flag(command, options->max_fault_share);
  command.add_flag("--choose-threshold", options->choose_threshold, "tell the threshold of the best F1");
  add_model_flags(command, *options);
  add_command(command, "omma eval detection --data world --count 100 --pairs", [options] { return run_eval_detection(*options); });
}

}  // namespace omma::app
