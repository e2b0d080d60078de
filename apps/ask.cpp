// omma ask: a question about pictures.
#include <memory>

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
  std::vector<std::string> arguments;  // pictures, and the question last
  AnswerOptions answer;
  int batch = 1;
};

int run_ask(AskCommand options) {
  apply(options);
  check(options.arguments.size() >= 2, "ask: expected a picture and a question");
  const std::string question = options.arguments.back();
  options.arguments.pop_back();
  options.answer.generation.sample = samples(options.answer.generation);
  const auto paths = expand_images(options.arguments);
  const auto model = find_model_for("answer", options.model);
  Stopwatch watch;
  const std::unique_ptr<Answerer> answerer = load_answerer(model, load_options(options));
  const double load_ms = watch.lap();
  return for_each_batch(paths, options.batch, options, [&](std::vector<NamedImage>& group) {
    const std::vector<Image> images = images_of(group);
    std::vector<VisualQuestion> questions;
    for (const Image& image : images) questions.push_back({.images = std::span(&image, 1), .text = question});
    const auto results = answerer->answer(questions, options.answer);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (!options.json) {
        paths.size() > 1 ? print("{}: {}\n", group[i].path.string(), results[i].answer) : print("{}\n", results[i].answer);
        continue;
      }
      json line = image_line(model, group[i]);
      line.update({{"question", question}, {"answer", results[i].answer}, {"score", results[i].score}});
      line["timing_ms"] = timing_json(load_ms, results[i].timing);
      print_line(line);
    }
  });
}

}  // namespace

void add_ask(CLI::App& app) {
  auto options = std::make_shared<AskCommand>();
  CLI::App& command = *app.add_subcommand("ask", "answer a question about a picture; of several pictures, about each");
  command.add_option("IMAGE... QUESTION", options->arguments, "pictures as for the other commands, and the question last")
      ->required()
      ->type_name("");
  command.add_option("--answer", options->answer.answers, "choose among these answers; repeat for each")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  add_generation_flags(command, options->answer.generation);
  add_batch_flag(command, options->batch);
  add_chat_flags(command, *options);
  add_model_flags(command, *options);
  add_command(command, "omma ask photo.jpg \"Is there a dog?\"", [options] { return run_ask(*options); });
}

}  // namespace omma::app
