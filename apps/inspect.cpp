// omma inspect and omma list: what a model directory holds, and which models are embedded or can be pulled.
#include <fmt/ranges.h>

#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/process.h"
#include "apps/table.h"
#include "omma/models/pullable.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string in_millions(std::int64_t number) {
  return number < 100'000 ? std::to_string(number) : fmt::format("{:.1f} M", static_cast<double>(number) / 1e6);
}

int run_inspect(const std::string& name, const CommonOptions& options) {
  apply(options);
  const ModelInfo info = inspect_model(find_model(name));
  if (options.json) {
    print_line(to_json(info));
    return kDone;
  }
  print("{}", table_text({{"model_type", info.model_type},
                          {"tasks", joined(info.tasks)},
                          {"parameters", in_millions(info.parameters)},
                          {"dtype", info.dtype},
                          {"bytes", in_millions(info.bytes)}}));
  return kDone;
}

int run_list(const CommonOptions& options) {
  apply(options);
  json models = json::array();
  Table rows = {{"model", "tasks", "parameters", "present"}};
  for (const auto& directory : zoo_models()) {
    const ModelInfo info = inspect_model(directory);
    models.push_back({{"id", directory.filename().string()},
                      {"dir", directory.string()},
                      {"tasks", info.tasks},
                      {"parameters", info.parameters},
                      {"present", true}});
    rows.push_back({directory.filename().string(), joined(info.tasks), in_millions(info.parameters), "yes"});
  }
  std::string commands;
  for (const PullableModel& model : pullable_models()) {  // as their table tells them, so that nothing large is read
    const bool is_present = model.is_present();
    models.push_back({{"id", model.name},
                      {"dir", is_present ? json(model.file().parent_path().string()) : json()},
                      {"tasks", model.tasks},
                      {"parameters", model.parameters},
                      {"present", is_present}});
    rows.push_back({model.name, joined(model.tasks), in_millions(model.parameters), is_present ? "yes" : "no"});
    if (is_present) continue;
    models.back()["fetch"] = model.pull_command();
    commands += fmt::format("{} is fetched by: {}\n", model.name, model.pull_command());
  }
  if (options.json)
    print_line({{"models", models}});
  else
    print("{}in {}\n{}", table_text(rows), zoo_directory().string(), commands);
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app) {
  struct InspectOptions : CommonOptions {
    std::string directory;
  };
  auto options = std::make_shared<InspectOptions>();
  CLI::App& command = *app.add_subcommand("inspect", "tell what a model directory holds");
  command.add_option("DIR", options->directory, kModel)->required()->type_name("");
  add_run_flags(command, *options);
  add_command(command, "omma inspect blip-nano-caption", [options] { return run_inspect(options->directory, *options); });
}

void add_list(CLI::App& app) {
  auto options = std::make_shared<CommonOptions>();
  CLI::App& command = *app.add_subcommand("list", "list the embedded models, and those that omma pull fetches");
  add_run_flags(command, *options);
  add_command(command, "omma list", [options] { return run_list(*options); });
}

}  // namespace omma::app
