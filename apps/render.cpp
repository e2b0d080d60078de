// omma render: scenes of the picture-book world with labels, captions and questions.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "omma/base/threads.h"
#include "omma/data/world/export.h"

namespace omma::app {
namespace {

struct RenderCommandOptions : CommonOptions {
  RenderOptions render;
  std::string split = "train";
};

int run_render(RenderCommandOptions options) {
  apply(options);
  options.render.out = options.out;
  options.render.scene.split = parse_split(options.split);
  options.render.threads = options.threads > 0 ? options.threads : available_threads();
  render_dataset(options.render);
  if (options.json) print_line({{"out", options.out}, {"images", options.render.count}});
  return kDone;
}

}  // namespace

void add_render(CLI::App& app) {
  auto options = std::make_shared<RenderCommandOptions>();
  CLI::App& command = *app.add_subcommand("render", "draw labelled scenes of the picture-book world");
  command.add_option("--seed", options->render.seed, "the same seed gives the same pixels")->required()->type_name("S");
  command.add_option("--count", options->render.count, "scenes")->required()->type_name("N");
  command.add_option("--out", options->out, "directory to write")->required()->type_name("DIR");
  command.add_option("--size", options->render.scene.size, "pixels a side")->capture_default_str()->type_name("P");
  command.add_option("--split", options->split, "train, val, test, combo, len or domain")
      ->capture_default_str()
      ->type_name("SPLIT");
  add_run_flags(command, *options);
  add_command(command, [options] { return run_render(*options); });
}

}  // namespace omma::app
