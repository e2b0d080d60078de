// omma agent: a question about a picture, answered by a language model that calls vision tools.
#include <chrono>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/picture_models.h"
#include "omma/agent/chat_client.h"
#include "omma/agent/react.h"
#include "omma/agent/transcript.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "omma/models/zoo.h"
#include "omma/vision/draw.h"

namespace omma::app {
namespace {

struct AgentCommandOptions : CommonOptions {
  std::string image, question, trace;
  std::string llm = "planner-nano", llm_model = "default";
  PictureModelOptions models;
  AgentOptions agent;
  double max_seconds = 120;
  bool no_labels = false;
};

std::unique_ptr<LanguageModel> open_language_model(const AgentCommandOptions& options) {
  if (options.llm.starts_with("http://") || options.llm.starts_with("https://")) {
    ChatClientOptions chat;
    chat.url = options.llm;
    chat.model = options.llm_model;
    chat.api_key = api_key_from_environment();
    return std::make_unique<ChatClient>(chat);
  }
  return load_language_model(find_model(options.llm), load_options(options));
}

void print_step(const AgentStep& step) {
  if (!step.thought.empty()) fmt::print("Thought: {}\n", step.thought);
  if (!step.action.empty()) fmt::print("Action: {} {}\n", step.action, dump_json(step.input));
  fmt::print("Observation: {}\n", step.observation);
}

// The boxes of every tool call, each kind of object in its own colour.
void write_overlay(const std::filesystem::path& file, const Image& image, const AgentResult& result, bool with_labels) {
  std::vector<LabelledBox> boxes;
  std::vector<std::string> labels;
  for (const AgentStep& step : result.steps) {
    if (!step.data.is_object() || !step.data.contains("detections")) continue;
    for (const json& found : step.data["detections"]) {
      const std::string label = found["label"];
      const auto place = std::ranges::find(labels, label);
      const int color = static_cast<int>(place - labels.begin());
      if (place == labels.end()) labels.push_back(label);
      const json& box = found["box"];
      boxes.push_back({.box = {.x0 = box[0], .y0 = box[1], .x1 = box[2], .y1 = box[3]},
                       .label = with_labels ? label : "",
                       .score = found["score"].get<float>(),
                       .color = color});
    }
  }
  write_image(file, overlay_of(image, boxes));
}

int run_agent_command(AgentCommandOptions options) {
  apply(options);
  const auto image = std::make_shared<const Image>(read_picture(options.image));
  const std::unique_ptr<LanguageModel> model = open_language_model(options);
  const Toolbox tools = picture_tools(open_picture_models(options.models, load_options(options)), image);
  options.agent.max_time = std::chrono::milliseconds(static_cast<std::int64_t>(options.max_seconds * 1000));

  if (!options.json) fmt::print("Question: {}\n", options.question);
  const AgentObserver observer = options.json ? AgentObserver() : print_step;
  const AgentResult result = run_agent(*model, tools, options.question, options.agent, observer);
  if (!options.trace.empty())
    write_file(options.trace, write_transcript({.question = options.question, .format = model->agent_format(), .result = result}));
  if (!options.out.empty()) write_overlay(overlay_path(options.out, options.image, false), *image, result, !options.no_labels);

  if (options.json) {
    json line = to_json(result);
    line["model"] = options.llm;
    line["image"] = options.image;
    line["size"] = {image->width, image->height};
    print_line(line);
  } else {
    fmt::print("Answer: {}\n", result.answer);
  }
  if (result.stopped == AgentEnd::error) fail_runtime("agent: {}", result.reason);
  return kDone;
}

}  // namespace

void add_agent(CLI::App& app) {
  auto options = std::make_shared<AgentCommandOptions>();
  CLI::App& command = *app.add_subcommand("agent", "answer a question about a picture by calling vision tools");
  command.add_option("IMAGE", options->image, "a picture, or - for one from stdin")->required()->type_name("");
  command.add_option("QUESTION", options->question, "what to find out")->required()->type_name("");
  command.add_option("--llm", options->llm, "language model: a directory, a zoo name, or the base URL (.../v1) of a chat server")
      ->capture_default_str()
      ->type_name("DIR|URL");
  command.add_option("--llm-model", options->llm_model, "the server's name of the model")->capture_default_str()->type_name("NAME");
  add_picture_model_flags(command, options->models);
  command.add_option("--max-steps", options->agent.max_steps, "steps before an answer is asked for")
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--max-seconds", options->max_seconds, "time before an answer is asked for")
      ->capture_default_str()
      ->type_name("S");
  command.add_option("--trace", options->trace, "write the transcript as JSON lines")->type_name("FILE");
  add_overlay_flags(command, *options, options->no_labels, "picture with the boxes that were found");
  command.add_option("--device", options->device, "auto, cpu or cuda[:N]")->capture_default_str()->type_name("D");
  add_run_flags(command, *options);
  add_command(command, "omma agent photo.jpg \"How many dogs are there?\" --out boxes.png",
              [options] { return run_agent_command(*options); });
}

}  // namespace omma::app
