// omma render: scenes of the picture-book world with labels, captions and questions.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "omma/base/threads.h"
#include "omma/data/world/export.h"

namespace omma::app {
namespace {

constexpr double kEmblems = .5;  // of the objects

struct RenderCommandOptions : CommonOptions {
  RenderOptions render;
  bool emblems = false;
  std::string split = "train";
  std::string format = "coco";
};

int run_render(RenderCommandOptions options) {
  apply(options);
  expect_output_folder({}, options.out);
  options.render.out = options.out;
  options.render.scene.split = parse_split(options.split);
  if (options.emblems) options.render.scene.emblems = kEmblems;
  options.render.format = options.format == "coco" ? RenderFormat::coco : RenderFormat::webdataset;
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
  command.add_option("--min-objects", options->render.scene.min_objects, "default: the split's own")->type_name("N");
  command.add_option("--max-objects", options->render.scene.max_objects, "default: the split's own")->type_name("N");
  command.add_option("--split", options->split, "train, val, test, combo, len or domain")
      ->capture_default_str()
      ->type_name("SPLIT");
  command.add_flag("--emblems", options->emblems,
                   "for segmentation: half of the objects are emblems, shapes within shapes; no captions, no questions");
  command
      .add_option("--variety", options->render.scene.variety,
                  "the share of scenes that look as other renderers and cameras would show them")
      ->capture_default_str()
      ->type_name("X");
  command
      .add_option("--format", options->format, "coco: pictures and label files; webdataset: tar shards with texts of a noisy web")
      ->check(CLI::IsMember({"coco", "webdataset"}))
      ->capture_default_str()
      ->type_name("F");
  command.add_option("--noise", options->render.noise, "webdataset: the share of texts that are wrong")
      ->capture_default_str()
      ->type_name("X");
  command.add_option("--samples-per-shard", options->render.samples_per_shard, "webdataset")->capture_default_str()->type_name("N");
  add_run_flags(command, *options);
  add_command(command, "omma render --seed 7 --count 100 --out scenes", [options] { return run_render(*options); });
}

}  // namespace omma::app
