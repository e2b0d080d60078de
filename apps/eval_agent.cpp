// omma eval agent: how often an agent answers right.
#include <memory>

#include "apps/eval.h"
#include "apps/outputs.h"
#include "apps/picture_models.h"
#include "apps/training_split.h"
#include "omma/agent/evaluation/evaluate.h"
#include "omma/agent/evaluation/evaluate_questions.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalAgentOptions : CommonOptions {
  std::string llm;  // "": the zoo's
  JudgedData judged{.data = "", .split = ""};
  std::vector<std::string> class_phrases;
  CountingQuestionOptions counting;
  PictureModelOptions models;
  AgentEvaluationOptions evaluation;
  std::filesystem::path questions, answers;
  std::string wordings = "taught";
  bool oracle = false;
};

json to_json(const AgentAnswer& answer) {
  json line = to_json(answer.result);
  line.update({{"question", answer.question}, {"expected", answer.expected}, {"right", answer.right}});
  if (answer.key.empty())
    line["scene"] = answer.scene;
  else
    line["key"] = answer.key;
  return line;
}

json to_json(const WrittenQuestion& question, const AgentResult& result, const QuestionVerdict& verdict) {
  json line = to_json(result);
  line.update({{"kind", question.kind},
               {"about", question.about},
               {"question", question.text},
               {"expected", text_of(question.answer)},
               {"right_call", verdict.right_call},
               {"right", verdict.right_answer}});
  return line;
}

// What is asked about given pictures, and how many there are in those of the training split.
struct GivenQuestions {
  PictureQuestions questions;
  TrainingCounts training;
};

template <class Dataset, class Open, class Ask>
GivenQuestions open_questions(const JudgedData& judged, Open open, Ask ask) {
  const std::shared_ptr<const Dataset> dataset = open(judged.data, judged.split);
  const auto training = open_training_split<Dataset>(judged, *dataset, open);
  return {.questions = ask(dataset),
          .training = training.dataset ? training_counts(ask(training.dataset)) : TrainingCounts{.absent = training.absent}};
}

GivenQuestions open_given_questions(const EvalAgentOptions& options) {
  const std::string kind = options.judged.data.substr(0, options.judged.data.find(':'));
  if (kind == "jsonl" || kind == "vqa") {
    check(options.counting.classes.empty(), "--count-class: {} brings its own questions", options.judged.data);
    const auto open = [](const std::string& data, const std::string& split) { return open_question_dataset(data, split); };
    const auto ask = [](std::shared_ptr<const QuestionDataset> dataset) { return questions_of(std::move(dataset)); };
    return open_questions<QuestionDataset>(options.judged, open, ask);
  }
  const DetectionDatasetOptions dataset_options{.class_phrases = parse_class_phrases(options.class_phrases)};
  const auto open = [&](const std::string& data, const std::string& split) {
    return open_detection_dataset(data, split, dataset_options);
  };
  const auto ask = [&](std::shared_ptr<const DetectionDataset> dataset) {
    return counting_questions(std::move(dataset), options.counting);
  };
  return open_questions<DetectionDataset>(options.judged, open, ask);
}

// Asks what people wrote, with tools that know the pictures.
int run_written_questions(const EvalAgentOptions& options) {
  check(options.judged.data.empty(), "--questions: brings its own pictures, got --data {}", options.judged.data);
  check(options.wordings == "taught" && options.evaluation.tool_errors == 0 && options.counting.classes.empty(),
        "--questions: expected neither --wordings nor --tool-errors nor --count-class");
  const auto directory = find_model_for("generate", options.llm);
  InputPaths inputs;
  inputs.add_folder(directory);
  inputs.add_file(options.questions);
  expect_output_file(inputs, options.answers);
  const QuestionFile file = read_questions(options.questions);
  const auto model = load_language_model(directory, load_options(options));
  std::string lines;
  const auto keep = [&](const WrittenQuestion& question, const AgentResult& result, const QuestionVerdict& verdict) {
    lines += dump_json(to_json(question, result, verdict)) + "\n";
  };
  print_figures(evaluate_agent(*model, file, options.evaluation.agent, keep), options.json);
  if (!options.answers.empty()) write_file(options.answers, lines);
  return kDone;
}

int run_eval_agent(EvalAgentOptions options) {
  apply(options);
  if (!options.questions.empty()) return run_written_questions(options);
  const bool given = !options.judged.data.empty();
  check(!given || !options.oracle, "--oracle: expected scenes of the world, got --data {}", options.judged.data);
  check(given || (options.counting.classes.empty() && options.counting.question == CountingQuestionOptions().question),
        "--question, --count-class: expected --data, whose boxes are counted");
  check(!given || options.wordings == "taught", "--wordings: expected scenes of the world, got --data {}", options.judged.data);
  check(!given || options.evaluation.tool_errors == 0, "--tool-errors: expected scenes of the world, got --data {}",
        options.judged.data);
  if (options.wordings == "held-out") options.evaluation.wording = Wording::held_out;
  if (options.judged.split.empty()) options.judged.split = given ? "val" : "test";
  if (!given) options.evaluation.scene.split = parse_split(options.judged.split);
  const auto directory = find_model_for("generate", options.llm);
  InputPaths inputs;
  inputs.add_folder(directory);
  if (!options.oracle) add_inputs(inputs, options.models);
  if (given) add_data(inputs, options.judged.data);
  expect_output_file(inputs, options.answers);
  const auto model = load_language_model(directory, load_options(options));
  std::optional<PictureModels> models;
  if (!options.oracle) models = open_picture_models(options.models, load_options(options));
  std::string lines;
  const auto keep = [&](const AgentAnswer& answer) { lines += dump_json(to_json(answer)) + "\n"; };
  json figures;
  if (given) {
    const GivenQuestions asked = open_given_questions(options);
    figures = evaluate_agent(*model, *models, asked.questions, asked.training, options.evaluation.agent, keep);
    figures.update({{"data", options.judged.data}, {"split", options.judged.split}});
  } else {
    figures = evaluate_agent(*model, models, options.evaluation, keep);
  }
  print_figures(figures, options.json);
  if (!options.answers.empty()) write_file(options.answers, lines);
  return kDone;
}

}  // namespace

void add_eval_agent(CLI::App& eval) {
  auto options = std::make_shared<EvalAgentOptions>();
  CLI::App& command = *eval.add_subcommand("agent", "share of right answers about unseen scenes, by type of question");
  command.add_option("--llm", options->llm, "language model (default: the zoo's)")->type_name("FILE|DIR|ID");
  add_picture_model_flags(command, options->models);
  command
      .add_option("--questions", options->questions,
                  "what people wrote, with the right calls and answers (question_file.h); the tools know its pictures")
      ->type_name("FILE");
  command.add_flag("--oracle", options->oracle, "the tools know the scene: errors are the planner's alone");
  command.add_option("--wordings", options->wordings, "of scenes' questions: as the planner was taught them, or held out")
      ->check(CLI::IsMember({"taught", "held-out"}))
      ->capture_default_str()
      ->type_name("W");
  command.add_option("--tool-errors", options->evaluation.tool_errors, "share of the tools' calls that fail, 0 to 1")
      ->capture_default_str()
      ->type_name("P");
  command.add_option("--scenes", options->evaluation.scenes, "scenes")->capture_default_str()->type_name("N");
  command.add_option("--seed", options->evaluation.seed, "seed")->capture_default_str()->type_name("S");
  command
      .add_option("--data", options->judged.data,
                  "pictures: coco, voc, odvg... to count in, jsonl or vqa with questions; default: the world")
      ->type_name("KIND:PATH");
  command.add_option("--split", options->judged.split, "part of the data or of the world; default: val, of the world test")
      ->type_name("S");
  add_training_flag(command, options->judged);
  add_class_flag(command, options->class_phrases);
  command
      .add_option("--question", options->counting.question,
                  "of labelled pictures: asked of each class, its plural in the place of {}; without {}, of all classes together")
      ->capture_default_str()
      ->type_name("T");
  command.add_option("--count-class", options->counting.classes, "phrase of a class to count; repeat for several; default: all")
      ->allow_extra_args(false)
      ->type_name("PHRASE");
  command.add_option("--answers", options->answers, "write every question, its steps and its answer as JSON lines")
      ->type_name("FILE");
  add_run_flags(command, *options);
  add_command(command, "omma eval agent --scenes 20", [options] { return run_eval_agent(*options); });
}

}  // namespace omma::app
