// omma validate: what is wrong with a data set, sample by sample, before a training run spends hours on it.
#include "omma/data/validate.h"

#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "omma/base/threads.h"

namespace omma::app {
namespace {

struct ValidateOptions : CommonOptions {
  std::string data, split;
};

int run_validate(const ValidateOptions& options) {
  apply(options);
  const auto dataset = open_detection_dataset(options.data, options.split);
  const DatasetReport report = validate(*dataset, options.threads > 0 ? options.threads : available_threads());
  if (options.json) {
    print_line(report.to_json());
    return kDone;
  }
  fmt::print("{}: {} usable samples, {} faults{}{}\n", options.data, dataset->size(), report.total(),
             report.total() > 0 ? ": " : "", report.summary());
  for (const DatasetIssue& issue : report.issues()) fmt::print("  {}: {}: {}\n", name_of(issue.fault), issue.sample, issue.message);
  return kDone;
}

}  // namespace

void add_validate(CLI::App& app) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App& command = *app.add_subcommand("validate", "list what is wrong with a data set");
  command.add_option("--data", options->data, "world, coco, voc or odvg, and where it is")->required()->type_name("KIND:PATH");
  command.add_option("--split", options->split, "part of the data set")->type_name("S");
  add_run_flags(command, *options);
  add_command(command, [options] { return run_validate(*options); });
}

}  // namespace omma::app
