// omma chat: a conversation about pictures and clips, or without any.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "apps/clip_arguments.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/conversation.h"
#include "apps/line_editor.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/stopwatch.h"
#include "omma/models/zoo.h"
#include "omma/tasks/chat_model.h"

namespace omma::app {
namespace {

struct ChatCommand : CommonOptions {
  std::vector<std::string> images;
  ClipFlags clips;
  std::string system, prompt;
  GenerationOptions generation;
};

constexpr const char* help_text =
    "  /image FILE   show a picture with the next question; /video FILE a clip\n"
    "  /clear        forget the conversation\n"
    "  /save FILE    write it as LLaVA's JSON\n"
    "  /exit         end; so does Ctrl-D. Ctrl-C stops an answer\n";

// While one is alive Ctrl-C is no end but a wish: it stops an answer, or drops a line that is being typed.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action = {};
    action.sa_handler = [](int) { came_ = 1; };  // without SA_RESTART: a line that is being read ends
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before_);
  }
  ~Interruptions() { sigaction(SIGINT, &before_, nullptr); }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

  void forget() { came_ = 0; }
  bool came() const { return came_ != 0; }

 private:
  static inline volatile std::sig_atomic_t came_ = 0;
  struct sigaction before_ = {};
};

std::string_view name_of(GeneratedText::End end) {
  switch (end) {
    case GeneratedText::End::eos:
      return "eos";
    case GeneratedText::End::stop:
      return "stop";
    case GeneratedText::End::length:
      return "length";
    case GeneratedText::End::cancelled:
      return "cancelled";
  }
  return "";
}

// The command: a model, its conversation, and where answers go.
class Chat {
 public:
  explicit Chat(const ChatCommand& options)
      : options_(options), directory_(find_model_for("chat", options.model)), conversation_(options.system) {
    options_.generation.sample = samples(options_.generation);
    const std::vector<std::filesystem::path> seen = expand_seen(options_.images, options_.clips);
    inputs_ = picture_inputs(options_.images, seen);
    inputs_.add_folder(directory_);
    if (std::filesystem::is_regular_file(options_.chat_template)) inputs_.add_settings(options_.chat_template);
    check(!options_.prompt.empty() || std::ranges::count(seen, std::filesystem::path("-")) == 0,
          "-: a picture from stdin leaves no room for questions there; --prompt asks one");
    const bool has_clips = std::ranges::any_of(seen, [&](const auto& path) { return is_clip(path, options_.clips); });
    if (!has_clips)  // bad pictures are told before the model is read, which says how many frames it sees of a clip
      for (const auto& path : seen) show(path);
    Stopwatch watch;
    model_ = load_chat_model(directory_, load_options(options_));
    load_ms_ = watch.lap();
    if (has_clips)
      for (const auto& path : seen) show(path);
    check(options_.images.empty() || model_->sees_pictures(), "chat: {}: this model sees no pictures", directory_.string());
  }

  int one_turn() {
    interruptions_.emplace();
    say(options_.prompt);
    return interruptions_->came() ? kStoppedBySignal + SIGINT : kDone;
  }

  int talk() {
    LineEditor lines("> ");
    if (lines.is_terminal() && !options_.quiet)
      write_stderr(fmt::format("{}: /help tells what can be done here\n", directory_.string()));
    int status = kDone;
    interruptions_.emplace();
    while (const auto line = lines.read()) {
      interruptions_->forget();
      const auto tell = [&](const std::exception& error, int worse) {
        write_stderr(fmt::format("omma: {}\n", error.what()));
        if (!lines.is_terminal()) status = std::max(status, worse);
      };
      try {
        if (!line->empty() && !obey(*line)) break;
      } catch (const std::invalid_argument& error) {
        tell(error, kCallersMistake);
      } catch (const std::system_error&) {  // nobody hears any more
        throw;
      } catch (const std::runtime_error& error) {
        tell(error, kFailure);
      }
    }
    return status;
  }

 private:
  // A command or a question; false ends the conversation.
  bool obey(const std::string& line) {
    if (!line.starts_with('/')) {
      say(line);
      return true;
    }
    const std::size_t blank = line.find(' ');
    const std::string word = line.substr(0, blank);
    const std::size_t begin = blank == std::string::npos ? blank : line.find_first_not_of(' ', blank);
    const std::string argument = begin == std::string::npos ? "" : line.substr(begin, line.find_last_not_of(' ') + 1 - begin);
    if (word == "/exit" || word == "/quit") return false;
    if (word == "/help") {
      write_stderr(help_text);
    } else if (word == "/clear") {
      conversation_.clear();
      shown_.clear();
      videos_ = json::array();
      model_->clear();
    } else if (word == "/image" || word == "/video") {
      check(!argument.empty(), "{}: expected a file", word);
      check(model_->sees_pictures(), "{}: this model sees no pictures", word);
      for (const auto& path : expand_seen({argument}, options_.clips)) show(path);
    } else if (word == "/save") {
      save(argument);
    } else {
      fail("{}: expected /image, /video, /clear, /save, /help or /exit; a question that begins with a slash: put a blank before it",
           word);
    }
    return true;
  }

  void show(const std::filesystem::path& path) {
    if (is_clip(path, options_.clips)) {
      const auto clip = std::make_shared<const VideoClip>(read_clip(path, options_.clips, model_->video_frames()));
      conversation_.show(path, clip);
      videos_.push_back(clip_json(path, *clip));
    } else {
      conversation_.show(path, std::make_shared<const Image>(read_picture(path)));
      shown_.push_back(path);
    }
    inputs_.add_file(path);
  }

  void save(const std::string& file) {
    check(!file.empty(), "/save: expected a file");
    check(!conversation_.empty(), "/save: nothing has been said yet");
    expect_output_file(inputs_, file);
    write_file(file, conversation_.to_json(std::filesystem::absolute(file).parent_path()).dump(2) + "\n");
  }

  void say(const std::string& text) {
    const auto& messages = conversation_.ask(text);
    ChatReply reply;
    try {
      reply = model_->chat(messages, options_.generation, [&](std::string_view piece) { return told(piece); });
    } catch (...) {
      conversation_.take_back();
      throw;
    }
    const std::size_t begin = reply.text.find_first_not_of(" \n");
    conversation_.answer(begin == std::string::npos ? "" : reply.text.substr(begin));
    if (options_.json)
      print_line(line_of(text, reply));
    else
      print("\n");
    std::fflush(stdout);
    at_start_ = true;
  }

  // A piece of an answer, as it comes; false where somebody pressed Ctrl-C.
  bool told(std::string_view piece) {
    if (!options_.json) {
      if (at_start_) piece.remove_prefix(std::min(piece.find_first_not_of(" \n"), piece.size()));
      at_start_ = at_start_ && piece.empty();
      print("{}", piece);
      std::fflush(stdout);
    }
    return !interruptions_->came();
  }

  json line_of(const std::string& question, const ChatReply& reply) const {
    json images = json::array();
    for (const auto& path : shown_) images.push_back(path.string());
    json line = {{"model", directory_.string()},
                 {"images", images},
                 {"prompt", question},
                 {"text", reply.text},
                 {"prompt_tokens", reply.prompt_tokens},
                 {"read_tokens", reply.read_tokens},
                 {"tokens", reply.tokens},
                 {"end", name_of(reply.end)},
                 {"score", reply.score}};
    if (!videos_.empty()) line["videos"] = videos_;
    line["timing_ms"] = timing_json(load_ms_, reply.timing);
    return line;
  }

  ChatCommand options_;
  std::filesystem::path directory_;
  Conversation conversation_;
  std::vector<std::filesystem::path> shown_;  // pictures, since the conversation began
  json videos_ = json::array();               // likewise, each with its frames
  InputPaths inputs_;                         // what /save does not write over
  std::unique_ptr<ChatModel> model_;
  double load_ms_ = 0;
  std::optional<Interruptions> interruptions_;  // while there is something to stop
  bool at_start_ = true;                        // of an answer
};

int run_chat(const ChatCommand& options) {
  apply(options);
  Chat chat(options);
  return options.prompt.empty() ? chat.talk() : chat.one_turn();
}

}  // namespace

void add_chat(CLI::App& app) {
  auto options = std::make_shared<ChatCommand>();
  CLI::App& command = *app.add_subcommand("chat", "a conversation about pictures and clips, or without any");
  command.add_option("IMAGE|VIDEO", options->images, kImagesAndVideos)->type_name("");
  command.add_option("--system", options->system, "told before the first turn")->type_name("T");
  command.add_option("--prompt", options->prompt, "one turn with this question, then done")->type_name("T");
  add_clip_flags(command, options->clips);
  add_chat_flags(command, *options);
  add_generation_flags(command, options->generation);
  add_model_flags(command, *options);
  add_command(command, "omma chat photo.jpg --model llava-hf/llava-1.5-7b-hf", [options] { return run_chat(*options); });
}

}  // namespace omma::app
