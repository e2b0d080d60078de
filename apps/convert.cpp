// omma convert: an original checkpoint file to a model directory.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"

namespace omma::app {
namespace {

struct ConvertOptions : CommonOptions {
  std::string from, to, config;
};

int run_convert(const ConvertOptions& options) {
  apply(options);
  InputPaths inputs;
  if (std::filesystem::is_directory(options.from))
    inputs.add_whole_folder(options.from);
  else
    inputs.add_file(options.from);
  expect_output_folder(inputs, options.to);
  convert_model(options.from, options.to, options.config.empty() ? std::optional<std::filesystem::path>() : options.config);
  if (options.json) print_line(to_json(inspect_model(options.to)));
  return kDone;
}

}  // namespace

void add_convert(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App& command = *app.add_subcommand("convert", "turn an original checkpoint (.pth) into a model directory");
  command.add_option("--from", options->from, "checkpoint file or model directory")->required()->type_name("FILE");
  command.add_option("--to", options->to, "model directory to make")->required()->type_name("DIR");
  command.add_option("--config", options->config, "config.json of the model, where the file's name does not tell it")
      ->type_name("FILE");
  add_run_flags(command, *options);
  add_command(command, "omma convert --from groundingdino_swint_ogc.pth --to grounding-dino",
              [options] { return run_convert(*options); });
}

}  // namespace omma::app
