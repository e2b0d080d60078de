// omma eval detection: how well a detector finds what a data set names.
#include <memory>

#include "apps/eval.h"
#include "apps/training_split.h"
#include "omma/base/error.h"
#include "omma/eval/detection_evaluation.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalDetectionOptions : CommonOptions {
  JudgedData judged{.data = "world:"};
  std::vector<std::string> class_phrases;
  std::optional<int> phrases;
  WorldQuestionOptions world;
  DetectionEvaluationOptions detection;
  double max_fault_share = .05;
  bool choose_threshold = false;
};

// What is asked, and what the training split says of how many there are.
struct Judgement {
  DetectionQuestions questions;
  TrainingCounts training;
};

Judgement open_world(const EvalDetectionOptions& options) {
  check(options.class_phrases.empty(), "--class: the world has no classes, its phrases are its own");
  WorldQuestionOptions world = options.world, training = options.world;
  world.split = parse_split(options.judged.split);
  training.split = Split::train;
  return {.questions = world_questions(world), .training = training_counts(world_questions(training))};
}

Judgement open_given(const EvalDetectionOptions& options) {
  const DetectionDatasetOptions dataset_options{.class_phrases = parse_class_phrases(options.class_phrases),
                                                .max_fault_share = options.max_fault_share};
  const auto open = [&](const std::string& data, const std::string& split) {
    return open_detection_dataset(data, split, dataset_options);
  };
  const PromptOptions prompt{.phrases = options.phrases.value_or(0), .seed = options.world.seed};
  const std::shared_ptr<const DetectionDataset> dataset = open(options.judged.data, options.judged.split);
  log_faults(dataset->report(), options.judged.data);
  const auto training = open_training_split<DetectionDataset>(options.judged, *dataset, open);
  return {.questions = questions_of(dataset, prompt, options.max_fault_share),
          .training = training.dataset ? training_counts(questions_of(training.dataset, prompt))
                                       : TrainingCounts{.means = {}, .absent = training.absent}};
}

Judgement open_judgement(EvalDetectionOptions& options) {
  const bool world = options.judged.data == "world" || options.judged.data == "world:";
  if (!world) return open_given(options);
  options.world.phrases = options.phrases.value_or(options.world.phrases);
  return open_world(options);
}

int run_eval_detection(EvalDetectionOptions options) {
  apply(options);
  const auto directory = find_model_for("detect", options.model);
  const auto detector = load_detector(directory, load_options(options));
  Judgement judgement = open_judgement(options);
  options.detection.training = std::move(judgement.training);
  json line = evaluate_detection(*detector, judgement.questions, options.detection).to_json();
  line["model"] = directory.string();
  line["data"] = options.judged.data;
  line["split"] = options.judged.split;
  if (options.choose_threshold) {
    const ThresholdChoice choice = choose_threshold(*detector, judgement.questions, options.detection);
    line["best_threshold"] = choice.threshold;
    line["best_f1"] = choice.f1;
  }
  if (const DatasetReport faults = judgement.questions.report(); faults.total() > 0) line["data_faults"] = faults.summary();
  print_figures(line, options.json);
  return kDone;
}

}  // namespace

void add_eval_detection(CLI::App& eval) {
  auto options = std::make_shared<EvalDetectionOptions>();
  CLI::App& command = *eval.add_subcommand("detection", "COCO's AP and AR, absent phrases, counting");
  command.add_option("--data", options->judged.data, "world, coco, voc, yolo or odvg, and where it is")
      ->capture_default_str()
      ->type_name("KIND:PATH");
  command.add_option("--split", options->judged.split, "part of the data set")->capture_default_str()->type_name("S");
  add_class_flag(command, options->class_phrases);
  add_training_flag(command, options->judged);
  command.add_option("--count", options->world.count, "world: scenes")->capture_default_str()->type_name("N");
  command.add_option("--seed", options->world.seed, "of the world and of prompts")->capture_default_str()->type_name("S");
  command
      .add_option("--phrases", options->phrases,
                  "phrases of a prompt: those in the picture first, then others; default: 6 of the world's, all of other data")
      ->type_name("N");
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
