// omma match: how well each text describes a picture.
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/zoo.h"
#include "omma/tasks/matcher.h"

namespace omma::app {
namespace {

struct MatchCommand : CommonOptions {
  std::string image;
  std::vector<std::string> texts;
  int batch = 8;
  bool softmax = false;
};

json json_of(const std::optional<float>& score) { return score ? json(*score) : json(); }

json json_of(const std::string& text, const TextMatch& match) {
  json result = {{"text", text}, {"itm", json_of(match.itm)}, {"itc", json_of(match.itc)}};
  if (match.probability) result["probability"] = *match.probability;
  return result;
}

std::string line_of(const std::string& text, const TextMatch& match) {
  std::string line;
  if (match.probability) line += fmt::format("  {:6.2f} %", 100 * *match.probability);
  if (match.itm) line += fmt::format("  itm {:.4f}", *match.itm);
  if (match.itc) line += fmt::format("  itc {:+.4f}", *match.itc);
  return line + "  " + text;
}

int run_match(const MatchCommand& options) {
  apply(options);
  const auto paths = expand_images({options.image});
  const auto model = find_model_for("match", options.model);
  Stopwatch watch;
  const std::unique_ptr<Matcher> matcher = load_matcher(model, load_options(options));
  const double load_ms = watch.lap();
  return for_each_batch(paths, options.batch, options, [&](std::vector<NamedImage>& group) {
    const auto results = matcher->match(images_of(group), options.texts, {.softmax = options.softmax});
    for (std::size_t i = 0; i < group.size(); ++i) {
      json matches = json::array();
      if (!options.json && paths.size() > 1) print("{}\n", group[i].path.string());
      for (std::size_t t = 0; t < options.texts.size(); ++t) {
        const TextMatch& match = results[i].matches[t];
        matches.push_back(json_of(options.texts[t], match));
        if (!options.json) print("{}\n", line_of(options.texts[t], match));
      }
      if (!options.json) continue;
      json line = image_line(model, group[i]);
      line["matches"] = std::move(matches);
      line["timing_ms"] = timing_json(load_ms, results[i].timing);
      print_line(line);
    }
  });
}

}  // namespace

void add_match(CLI::App& app) {
  auto options = std::make_shared<MatchCommand>();
  CLI::App& command = *app.add_subcommand("match", "how well texts describe a picture: probability of a match, and cosine");
  command.add_option("IMAGE", options->image, "file, directory, @list.txt, or - for a picture from stdin")
      ->required()
      ->type_name("");
  command.add_option("TEXT", options->texts, "one or more texts")->required()->type_name("");
  command.add_flag("--softmax", options->softmax,
                   "how the texts share a probability of 1, of models that learned a scale of their cosines, as CLIP's");
  add_batch_flag(command, options->batch);
  add_model_flags(command, *options);
  add_command(command, "omma match photo.jpg \"a red dog\" \"two cats\"", [options] { return run_match(*options); });
}

}  // namespace omma::app
