// omma convert: an original checkpoint to a model directory, or an adapter and its base to one.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "omma/base/error.h"
#include "omma/models/merge.h"

namespace omma::app {
namespace {

struct ConvertOptions : CommonOptions {
  std::string from, to, config, base, vision;
  bool merge = false;
};

// An adapter alone is merged here; where a config.json lies beside it, its model's converter knows what else there is.
void merge(const ConvertOptions& options) {
  if (!options.config.empty()) fail("--config: an adapter takes its base's");
  merge_model(options.from, options.to, options.base);
}

void convert(const ConvertOptions& options) {
  if (options.merge && !std::filesystem::exists(std::filesystem::path(options.from) / "adapter_config.json"))
    fail("{}: no adapter (it has no adapter_config.json), which --merge is for", options.from);
  convert_model(options.from, options.to, options.config.empty() ? std::optional<std::filesystem::path>() : options.config,
                options.base, options.vision);
}

int run_convert(const ConvertOptions& options) {
  apply(options);
  InputPaths inputs;
  for (const std::string& each : {options.from, options.base, options.vision}) {
    if (std::filesystem::is_directory(each))
      inputs.add_whole_folder(each);
    else if (std::filesystem::is_regular_file(each))
      inputs.add_file(each);
  }
  expect_output_folder(inputs, options.to);
  if (is_adapter(options.from))
    merge(options);
  else
    convert(options);
  if (options.json) print_line(to_json(inspect_model(options.to)));
  return kDone;
}

}  // namespace

void add_convert(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App& command =
      *app.add_subcommand("convert", "turn an authors' checkpoint, or an adapter and its base, into a model directory");
  command
      .add_option("--from", options->from,
                  "checkpoint file, directory of LLaVA's authors or of an adapter (PEFT's LoRA), or model directory")
      ->required()
      ->type_name("FILE");
  command.add_option("--to", options->to, "model directory to make")->required()->type_name("DIR");
  command
      .add_option("--config", options->config,
                  "config.json of the model, where the checkpoint tells no sizes; YAML of GLIP's authors")
      ->type_name("FILE");
  command.add_flag("--merge", options->merge, "expect an adapter (one is merged into its base in any case)");
  command
      .add_option("--base", options->base,
                  "what an adapter, a LLaVA projector or delta belongs to, where it is another than its config names; the language "
                  "model of a BLIP-2 of LAVIS")
      ->type_name("FILE|DIR|ID");
  command.add_option("--vision", options->vision, "the picture encoder of a BLIP-2 of LAVIS (eva_vit_g.pth)")
      ->type_name("FILE|DIR");
  add_run_flags(command, *options);
  add_command(command, "omma convert --from groundingdino_swint_ogc.pth --to grounding-dino",
              [options] { return run_convert(*options); });
}

}  // namespace omma::app
