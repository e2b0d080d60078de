// omma ask: a question about pictures or clips.
#include <memory>

#include "apps/clip_arguments.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/zoo.h"
#include "omma/tasks/answerer.h"

namespace omma::app {
namespace {

struct AskCommand : CommonOptions {
  std::vector<std::string> arguments;  // pictures and clips, and the question last
  ClipFlags clips;
  AnswerOptions answer;
  int batch = 1;
};

void tell(const AskCommand& options, const std::string& question, const std::filesystem::path& path, bool alone, json line,
          const AnswerResult& result, double load_ms) {
  if (!options.json) {
    alone ? print("{}\n", result.answer) : print("{}: {}\n", path.string(), result.answer);
    return;
  }
  line.update({{"question", question}, {"answer", result.answer}, {"score", result.score}});
  line["timing_ms"] = timing_json(load_ms, result.timing);
  print_line(line);
}

int run_ask(AskCommand options) {
  apply(options);
  check(options.arguments.size() >= 2, "ask: expected a picture or clip, and a question");
  const std::string question = options.arguments.back();
  options.arguments.pop_back();
  options.answer.generation.sample = samples(options.answer.generation);
  const auto paths = expand_seen(options.arguments, options.clips);
  const bool alone = paths.size() == 1;
  const auto model = find_model_for("answer", options.model);
  Stopwatch watch;
  const std::unique_ptr<Answerer> answerer = load_answerer(model, load_options(options));
  const double load_ms = watch.lap();
  const auto about_pictures = [&](std::vector<NamedImage>& group) {
    const std::vector<Image> images = images_of(group);
    std::vector<VisualQuestion> questions;
    for (const Image& image : images) questions.push_back({.images = std::span(&image, 1), .text = question});
    const auto results = answerer->answer(questions, options.answer);
    for (std::size_t i = 0; i < group.size(); ++i)
      tell(options, question, group[i].path, alone, image_line(model, group[i]), results[i], load_ms);
  };
  const auto about_clip = [&](const std::filesystem::path& path, std::size_t) {
    const VideoClip clip = read_clip(path, options.clips, answerer->video_frames());
    const VisualQuestion asked{.videos = {&clip, 1}, .text = question};
    const auto results = answerer->answer({&asked, 1}, options.answer);
    tell(options, question, path, alone, clip_line(model, path, clip), results.front(), load_ms);
  };
  return for_each_batch(paths, options.batch, options, about_pictures,
                        {.takes = [&](const auto& path) { return is_clip(path, options.clips); }, .body = about_clip});
}

}  // namespace

void add_ask(CLI::App& app) {
  auto options = std::make_shared<AskCommand>();
  CLI::App& command = *app.add_subcommand("ask", "answer a question about a picture or clip; of several, about each");
  command
      .add_option("IMAGE|VIDEO... QUESTION", options->arguments,
                  "pictures and clips as for the other commands, and the question last")
      ->required()
      ->type_name("");
  command.add_option("--answer", options->answer.answers, "choose among these answers; repeat for each")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  add_generation_flags(command, options->answer.generation);
  add_clip_flags(command, options->clips);
  add_batch_flag(command, options->batch);
  add_chat_flags(command, *options);
  add_model_flags(command, *options);
  add_command(command, "omma ask photo.jpg \"Is there a dog?\"", [options] { return run_ask(*options); });
}

}  // namespace omma::app
