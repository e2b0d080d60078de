#include "apps/language_evaluation.h"

#include "apps/eval.h"
#include "apps/outputs.h"
#include "omma/base/file.h"
#include "omma/data/instruction_dataset.h"
#include "omma/models/zoo.h"

namespace omma::app {

void add_ask_short_flag(CLI::App& command, bool& ask_short) {
  command.add_flag("--ask-short", ask_short, "end each question as LLaVA 1.5's do: \"" + std::string(short_answer_request) + '"');
}

void add_data_flags(CLI::App& command, LanguageEvalOptions& options, const std::string& kinds) {
  command.add_option("--data", options.data, kinds + ", and where it is")->capture_default_str()->type_name("KIND:PATH");
  command.add_option("--split", options.split, "part of the data set")->capture_default_str()->type_name("S");
  command.add_option("--count", options.count, "the first so many samples; default: all")->type_name("N");
  command.add_option("--answers", options.answers, "write what became of each sample as JSON lines")->type_name("FILE");
  add_fault_share_flag(command, options.max_fault_share);
  add_batch_flag(command, options.batch);
  add_model_flags(command, options);
}

std::filesystem::path prepare(const LanguageEvalOptions& options, std::string_view task, const std::filesystem::path& choices) {
  apply(options);
  const auto model = find_model_for(task, options.model);
  InputPaths inputs;
  inputs.add_folder(model);
  add_data(inputs, options.data);
  inputs.add_settings(choices);
  expect_output_file(inputs, options.answers);
  return model;
}

void report(json figures, const std::vector<json>& lines, const std::filesystem::path& model, DatasetReport data,
            const DatasetReport& left_out, const LanguageEvalOptions& options) {
  data.append(left_out);
  figures.update({{"model", model.string()}, {"data", options.data}, {"split", options.split}});
  if (data.total() > 0) figures["data_faults"] = data.summary();
  print_figures(figures, options.json);
  if (options.answers.empty()) return;
  std::string text;
  for (const json& line : lines) text += dump_json(line) + "\n";
  write_file(options.answers, text);
}

}  // namespace omma::app
