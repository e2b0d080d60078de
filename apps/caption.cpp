// omma caption: pictures and clips to text.
#include <memory>

#include "apps/clip_arguments.h"
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
  ClipFlags clips;
  CaptionOptions caption;
  int batch = 1;
};

void tell(const CaptionCommand& options, const std::filesystem::path& path, bool alone, json line, const CaptionResult& result,
          double load_ms) {
  if (!options.json) {
    const std::string& text = result.captions.front().text;
    alone ? print("{}\n", text) : print("{}: {}\n", path.string(), text);
    return;
  }
  json captions = json::array();
  for (const GeneratedCaption& caption : result.captions) captions.push_back({{"text", caption.text}, {"score", caption.score}});
  line["captions"] = std::move(captions);
  line["timing_ms"] = timing_json(load_ms, result.timing);
  print_line(line);
}

int run_caption(CaptionCommand options) {
  apply(options);
  options.caption.generation.sample = samples(options.caption.generation);
  const auto paths = expand_seen(options.images, options.clips);
  const bool alone = paths.size() == 1;
  const auto model = find_model_for("caption", options.model);
  Stopwatch watch;
  const std::unique_ptr<Captioner> captioner = load_captioner(model, load_options(options));
  const double load_ms = watch.lap();
  const auto of_pictures = [&](std::vector<NamedImage>& group) {
    const auto results = captioner->caption(images_of(group), options.caption);
    for (std::size_t i = 0; i < group.size(); ++i)
      tell(options, group[i].path, alone, image_line(model, group[i]), results[i], load_ms);
  };
  const auto of_clip = [&](const std::filesystem::path& path, std::size_t) {
    const VideoClip clip = read_clip(path, options.clips, captioner->video_frames());
    tell(options, path, alone, clip_line(model, path, clip), captioner->caption_video(clip, options.caption), load_ms);
  };
  return for_each_batch(paths, options.batch, options, of_pictures,
                        {.takes = [&](const auto& path) { return is_clip(path, options.clips); }, .body = of_clip});
}

}  // namespace

void add_caption(CLI::App& app) {
  auto options = std::make_shared<CaptionCommand>();
  CLI::App& command = *app.add_subcommand("caption", "say what is in a picture or clip");
  command.add_option("IMAGE|VIDEO", options->images, kImagesAndVideos)->required()->type_name("");
  command.add_option("--prompt", options->caption.prompt, "what the caption begins with")->type_name("TEXT");
  add_generation_flags(command, options->caption.generation);
  add_clip_flags(command, options->clips);
  add_batch_flag(command, options->batch);
  add_chat_flags(command, *options);
  add_model_flags(command, *options);
  add_command(command, "omma caption photo.jpg --beams 3", [options] { return run_caption(*options); });
}

}  // namespace omma::app
