// omma eval zeroshot: which class of a folder a matcher finds nearest to each picture.
#include <memory>

#include "apps/eval.h"
#include "apps/outputs.h"
#include "omma/base/file.h"
#include "omma/data/class_folder.h"
#include "omma/eval/zeroshot.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct EvalZeroShotOptions : CommonOptions {
  std::filesystem::path data, answers;
  std::string split;
  std::vector<std::string> classes;
  ZeroShotOptions judge;
};

int run_eval_zeroshot(EvalZeroShotOptions options) {
  apply(options);
  const auto model = find_model_for("match", options.model);
  InputPaths inputs;
  inputs.add_folder(model);
  inputs.add_folder(options.data);
  expect_output_file(inputs, options.answers);
  options.judge.names = parse_class_phrases(options.classes);
  const ClassFolder folder(options.data, options.split);
  const auto matcher = load_matcher(model, load_options(options));
  const ZeroShotEvaluation evaluation = evaluate_zeroshot(*matcher, folder, options.judge);
  json figures = evaluation.to_json();
  figures.update({{"model", model.string()}, {"data", options.data.string()}});
  print_figures(figures, options.json);
  if (options.answers.empty()) return kDone;
  std::string text;
  for (const ClassifiedPicture& picture : evaluation.pictures)
    text += dump_json({{"key", picture.key},
                       {"truth", picture.truth},
                       {"answer", picture.answer},
                       {"rank", picture.rank + 1},
                       {"score", picture.score}}) +
            "\n";
  write_file(options.answers, text);
  return kDone;
}

}  // namespace

void add_eval_zeroshot(CLI::App& eval) {
  auto options = std::make_shared<EvalZeroShotOptions>();
  CLI::App& command = *eval.add_subcommand("zeroshot", "accuracy of naming pictures by the class whose sentence lies nearest");
  command.add_option("--data", options->data, "a folder with a sub-folder of pictures for each class")
      ->required()
      ->type_name("DIR");
  command.add_option("--split", options->split, "the folder in it that holds the classes; default: itself")->type_name("S");
  command
      .add_option("--template", options->judge.templates,
                  "a sentence with {} for the class; repeat for several, of which the mean counts")
      ->allow_extra_args(false)
      ->capture_default_str()
      ->type_name("T");
  add_class_flag(command, options->classes);
  command.add_option("--count", options->judge.count, "so many pictures, evenly spread over all; default: all")->type_name("N");
  command.add_option("--answers", options->answers, "write what became of each picture as JSON lines")->type_name("FILE");
  add_fault_share_flag(command, options->judge.max_fault_share);
  add_batch_flag(command, options->judge.batch);
  add_model_flags(command, *options);
  add_command(command, "omma eval zeroshot --data photos --template \"a photo of a {}.\" --model openai/clip-vit-base-patch32",
              [options] { return run_eval_zeroshot(*options); });
}

}  // namespace omma::app
