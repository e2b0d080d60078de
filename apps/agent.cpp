// omma agent: a question about a picture or clip, answered by a language model that calls vision tools.
#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>

#include "apps/agent_pictures.h"
#include "apps/agent_sight.h"
#include "apps/clip_arguments.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "apps/picture_models.h"
#include "apps/process.h"
#include "omma/agent/chat_client.h"
#include "omma/agent/react.h"
#include "omma/agent/seeing_planner.h"
#include "omma/agent/transcript.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/registry.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct AgentCommandOptions : CommonOptions {
  std::string image, question, trace;
  ClipFlags clips;
  std::string llm, llm_model = "default";  // llm "": the zoo's
  PictureModelOptions models;
  AgentOptions agent;
  double max_seconds = 120;
  double llm_timeout = 60;
  std::optional<int> llm_max_tokens;
  bool no_labels = false;
};

constexpr int server_step_tokens = 1024;  // many models behind servers think before they speak

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

bool is_url(const std::string& llm) { return llm.starts_with("http://") || llm.starts_with("https://"); }

// A language model, and its name as results may show it.
struct NamedLanguageModel {
  std::unique_ptr<LanguageModel> model;
  std::string name;
};

// Of a directory what plans by text alone, or a chat model that sees the picture or clip.
std::unique_ptr<LanguageModel> load_planner(const AgentCommandOptions& options, const AgentSight& sight) {
  const std::filesystem::path directory = find_model(options.llm);
  const std::vector<std::string> tasks = inspect_model(directory).tasks;
  const bool chats_only = std::ranges::count(tasks, "chat") > 0 && std::ranges::count(tasks, "generate") == 0;
  if (!chats_only) return load_language_model(directory, load_options(options));
  std::unique_ptr<ChatModel> chat = load_chat_model(directory, load_options(options));
  ChatPart shown = sight.shown_to(*chat);
  return std::make_unique<SeeingPlanner>(std::move(chat), std::move(shown));
}

NamedLanguageModel open_language_model(const AgentCommandOptions& options, const AgentSight& sight) {
  if (!is_url(options.llm)) return {load_planner(options, sight), options.llm};
  ChatClientOptions chat;
  chat.url = options.llm;
  chat.model = options.llm_model;
  chat.api_key = api_key_from_environment();
  chat.silence_timeout = milliseconds_of(options.llm_timeout);
  auto client = std::make_unique<ChatClient>(chat);
  const std::string name = client->shown_url();
  return {std::move(client), name};
}

// The flags' limits, and tokens in all for every step to use its own up.
AgentOptions limits_of(const AgentCommandOptions& options) {
  AgentOptions limits = options.agent;
  limits.max_time = milliseconds_of(options.max_seconds);
  limits.max_step_tokens = options.llm_max_tokens.value_or(is_url(options.llm) ? server_step_tokens : limits.max_step_tokens);
  limits.max_tokens = std::max(limits.max_tokens, (limits.max_steps + 1) * limits.max_step_tokens);
  return limits;
}

void print_step(const AgentStep& step) {
  if (!step.thought.empty()) print("Thought: {}\n", step.thought);
  if (!step.action.empty()) print("Action: {} {}\n", step.action, dump_json(step.input));
  print("Observation: {}\n", step.observation);
}

struct AgentFiles {
  std::filesystem::path overlay, trace;  // "": not wanted
  bool cutouts = false;                  // beside the overlay, which is in a folder
};

// Throws where one of them would take the place of an input or of the other, or cannot be written.
AgentFiles agent_files(const AgentCommandOptions& options) {
  InputPaths inputs = picture_inputs({}, {options.image});
  add_inputs(inputs, options.models);
  if (!is_url(options.llm)) inputs.add_folder(find_model(options.llm));
  const auto overlays = overlay_files(options.out, {options.image}, inputs);
  AgentFiles files{.overlay = overlays.empty() ? "" : overlays.front(), .trace = options.trace};
  files.cutouts = files.overlay != options.out;
  expect_output_file(inputs, files.trace);
  check(files.trace.empty() || std::filesystem::weakly_canonical(files.trace) != std::filesystem::weakly_canonical(files.overlay),
        "{}: expected different files for --out and --trace", options.trace);
  return files;
}

// All, whatever becomes of the first.
void write_files(const AgentFiles& files, const AgentSight& sight, const Transcript& transcript, bool with_labels) {
  std::exception_ptr failure;
  const auto attempt = [&](const std::filesystem::path& file, auto&& write) {
    if (file.empty()) return;
    try {
      write();
    } catch (const std::runtime_error&) {
      failure = std::current_exception();
    }
  };
  attempt(files.trace, [&] { write_file(files.trace, write_transcript(transcript)); });
  const AgentSight::Overlay seen = files.overlay.empty() ? AgentSight::Overlay() : sight.overlay(transcript.result.steps);
  attempt(files.overlay, [&] { write_steps_overlay(files.overlay, seen.image, seen.steps, with_labels); });
  if (files.cutouts) attempt(files.overlay, [&] { write_cutouts(files.overlay, seen.image, seen.steps); });
  if (failure) std::rethrow_exception(failure);
}

void print_answer(const AgentCommandOptions& options, const std::string& llm, const AgentSight& sight, const AgentResult& result) {
  if (!options.json) {
    print("Answer: {}\n", result.answer);
    return;
  }
  json line = to_json(result);
  line["model"] = llm;
  line.update(sight.line());
  print_line(line);
}

int run_agent_command(AgentCommandOptions options) {
  apply(options);
  if (options.llm.empty()) options.llm = find_model_for("generate").filename();
  const AgentFiles files = agent_files(options);
  const AgentSight sight(options.image, options.clips, options.question);
  const NamedLanguageModel llm = open_language_model(options, sight);
  const Toolbox tools = sight.tools(open_picture_models(options.models, load_options(options)));
  const AgentFormat format = llm.model->agent_format();
  // A small planner was taught nothing of time: what the question says of it, the tools know.
  const std::string question = format == AgentFormat::compact ? sight.timeless_question() : options.question;

  if (!options.json) print("Question: {}\n", options.question);
  const AgentObserver observer = options.json ? AgentObserver() : print_step;
  const AgentResult result = run_agent(*llm.model, tools, question, limits_of(options), observer);
  print_answer(options, llm.name, sight, result);
  write_files(files, sight, {.question = question, .format = format, .result = result}, !options.no_labels);
  if (result.stopped == AgentEnd::error) fail_runtime("agent: {}", result.reason);
  if (result.stopped != AgentEnd::answer) fail_runtime("agent: ended by a limit, not by an answer of its own: {}", result.reason);
  return kDone;
}

}  // namespace

void add_agent(CLI::App& app) {
  auto options = std::make_shared<AgentCommandOptions>();
  CLI::App& command = *app.add_subcommand("agent", "answer a question about a picture or clip by calling vision tools");
  command.add_option("IMAGE|VIDEO", options->image, "a picture, - for one from stdin, or a clip")->required()->type_name("");
  command.add_option("QUESTION", options->question, "what to find out")->required()->type_name("");
  command
      .add_option("--llm", options->llm,
                  "language model: a directory (a LLaVA sees the picture while it plans), a .gguf file, a name in the zoo or of "
                  "omma pull, a Hugging Face ID, or a chat server's base URL, such as http://127.0.0.1:8080/v1 (default: the zoo's "
                  "planner)")
      ->type_name("FILE|DIR|ID|URL");
  command.add_option("--llm-model", options->llm_model, "the server's name of the model")->capture_default_str()->type_name("NAME");
  command.add_option("--llm-timeout", options->llm_timeout, "longest silence of the server, before its first byte or the next")
      ->capture_default_str()
      ->type_name("S");
  command.add_option("--llm-max-tokens", options->llm_max_tokens, "tokens of a step (default: 256; of a server's model 1024)")
      ->type_name("N");
  add_picture_model_flags(command, options->models);
  add_clip_flags(command, options->clips);
  command.add_option("--max-steps", options->agent.max_steps, "steps before an answer is asked for")
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--max-seconds", options->max_seconds, "time for everything; near its end an answer is asked for")
      ->capture_default_str()
      ->type_name("S");
  command.add_option("--trace", options->trace, "write the transcript as JSON lines")->type_name("FILE");
  add_overlay_flags(command, *options, options->no_labels,
                    "picture with the boxes and masks that were found (.png, .jpg), or a folder for it and what was cut out");
  command.add_option("--device", options->device, "auto, cpu or cuda[:N]")->capture_default_str()->type_name("D");
  add_run_flags(command, *options);
  add_command(command, "omma agent photo.jpg \"How many dogs are there?\" --out boxes.png",
              [options] { return run_agent_command(*options); });
}

}  // namespace omma::app
