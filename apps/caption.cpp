// omma caption: pictures to text.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/zoo.h"
#include "omma/tasks/captioner.h"

namespace omma::app {
namespace {

struct CaptionCommand : CommonOptions {
  std::vector<std::string> images;
  CaptionOptions caption;
  int batch = 1;
};

int run_caption(CaptionCommand options) {
  apply(options);
  options.caption.generation.sample = samples(options.caption.generation);
  const auto paths = expand_images(options.images);
  const auto model = find_model_for("caption", options.model);
  Stopwatch watch;
  const std::unique_ptr<Captioner> captioner = load_captioner(model, load_options(options));
  const double load_ms = watch.lap();
  return for_each_batch(paths, options.batch, options, [&](std::vector<NamedImage>& group) {
    const auto results = captioner->caption(images_of(group), options.caption);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (!options.json) {
        const std::string& text = results[i].captions.front().text;
        paths.size() > 1 ? print("{}: {}\n", group[i].path.string(), text) : print("{}\n", text);
        continue;
      }
      json captions = json::array();
      for (const GeneratedCaption& caption : results[i].captions)
        captions.push_back({{"text", caption.text}, {"score", caption.score}});
      json line = image_line(model, group[i]);
      line["captions"] = std::move(captions);
      line["timing_ms"] = timing_json(load_ms, results[i].timing);
      print_line(line);
    }
  });
}

}  // namespace

void add_caption(CLI::App& app) {
  auto options = std::make_shared<CaptionCommand>();
  CLI::App& command = *app.add_subcommand("caption", "say what is in a picture");
  command.add_option("IMAGE", options->images, kImages)->required()->type_name("");
  command.add_option("--prompt", options->caption.prompt, "what the caption begins with")->type_name("TEXT");
  add_generation_flags(command, options->caption.generation);
  add_batch_flag(command, options->batch);
  add_chat_flags(command, *options);
  add_model_flags(command, *options);
  add_command(command, "omma caption photo.jpg --beams 3", [options] { return run_caption(*options); });
}

}  // namespace omma::app
