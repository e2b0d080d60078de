#include "apps/command.h"

#include <ATen/Parallel.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/folder.h"
#include "omma/base/log.h"
#include "omma/base/progress.h"
#include "omma/base/threads.h"
#include "omma/io/image_file.h"

namespace omma::app {
namespace fs = std::filesystem;
namespace {

constexpr const char* kStdin = "-";
int status_of_last_command = kDone;

// On a terminal one line that changes; elsewhere a line every ten seconds and one at the end, so that logs stay short.
void show_progress(const ProgressState& state) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const bool last = state.done >= state.total;
  static auto shown = std::chrono::steady_clock::now();
  if (!terminal && std::chrono::steady_clock::now() - shown < std::chrono::seconds(10)) return;
  shown = std::chrono::steady_clock::now();
  const int left = static_cast<int>(state.seconds_left + 0.5);
  write_stderr(fmt::format("{}{} {}/{}  {:.1f}/s  {}:{:02d} left  {}{}", terminal ? "\r\x1b[K" : "", state.what, state.done,
                           state.total, state.rate, left / 60, left % 60, state.note, terminal && !last ? "" : "\n"));
}

void append_directory(const fs::path& directory, std::vector<fs::path>& paths) {
  std::vector<fs::path> found;
  std::ranges::copy_if(files_in(directory), std::back_inserter(found), has_picture_extension);
  check(!found.empty(), "{}: no pictures (.{}) in this directory", directory.string(), fmt::join(picture_extensions(), " ."));
  paths.insert(paths.end(), found.begin(), found.end());
}

void append_list(const fs::path& list, std::vector<fs::path>& paths) {
  check(fs::is_regular_file(list), "{}: no such list of pictures", list.string());
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    if (paths.empty() && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // the mark of Windows' editors
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) paths.emplace_back(line);
  }
}

}  // namespace

void add_command(CLI::App& command, const std::string& example, std::function<int()> run) {
  command.footer("Example: " + example);
  command.callback([run = std::move(run)] { status_of_last_command = run(); });
}

int last_status() { return status_of_last_command; }

void add_run_flags(CLI::App& command, CommonOptions& options) {
  command.add_option("--threads", options.threads, "default: what the machine allows")->type_name("N");
  command.add_flag("--json", options.json, "JSON objects on stdout, one a line, and nothing else");
  command.add_flag("--quiet", options.quiet, "no progress and no messages on stderr");
}

void add_device_flags(CLI::App& command, CommonOptions& options) {
  command.add_option("--device", options.device, "auto, cpu or cuda[:N]")->capture_default_str()->type_name("D");
  command.add_option("--dtype", options.dtype, "auto, fp32, bf16 or fp16")
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "fp16"}))
      ->capture_default_str()
      ->type_name("T");
  add_run_flags(command, options);
}

void add_model_flags(CLI::App& command, CommonOptions& options) {
  command.add_option("--model", options.model, fmt::format("{} (default: the zoo's for the task)", kModel))
      ->type_name("FILE|DIR|ID");
  add_device_flags(command, options);
}

void add_generation_flags(CLI::App& command, GenerationOptions& options) {
  command.add_option("--beams", options.beams, "hypotheses of beam search (default: the model's, else 1: greedy)")->type_name("N");
  command
      .add_option("--top-p", options.top_p,
                  "sample from the likeliest words that hold this probability (default: the model's, else 1)")
      ->type_name("P");
  command.add_option("--top-k", options.top_k, "sample from so many likeliest words (default: the model's, else 50)")
      ->type_name("K");
  command.add_option("--temperature", options.temperature, "sample, the more evenly the higher (default: the model's, else 1)")
      ->type_name("T");
  command.add_option("--seed", options.seed, "of sampling (default: 0)")->type_name("S");
  command.add_option("--max-tokens", options.max_tokens, "longest text (default: the model's)")->type_name("N");
  command.add_option("--min-tokens", options.min_tokens, "shortest text (default: the model's, else 0)")->type_name("N");
  command
      .add_option("--repetition-penalty", options.repetition_penalty,
                  "above 1: what was said is said less (default: the model's, else 1)")
      ->type_name("X");
  command
      .add_option("--length-penalty", options.length_penalty,
                  "of beam search: above 0 favours longer texts (default: the model's, else 1)")
      ->type_name("X");
}

std::optional<bool> samples(const GenerationOptions& options) {
  if (options.top_p || options.top_k || options.temperature || options.seed) return true;
  return options.beams ? std::optional(false) : std::nullopt;
}

void add_chat_flags(CLI::App& command, CommonOptions& options) {
  command
      .add_option(
          "--template", options.chat_template,
          "how a chat model's turns become a prompt: vicuna_v1, llava_v1, chatml, mistral, plain, ..., one of the model's by "
          "its name, or a Jinja file; default: the model's own")
      ->type_name("NAME|FILE");
  command
      .add_option("--image-aspect", options.image_aspect,
                  "how a LLaVA's pictures become squares: crop, pad or anyres; default: as the model says")
      ->type_name("HOW");
}

void add_batch_flag(CLI::App& command, int& batch) {
  command.add_option("--batch", batch, "pictures at a time")->capture_default_str()->type_name("N");
}

void apply(const CommonOptions& options) {
  const int threads = options.threads > 0 ? options.threads : available_threads();
  at::set_num_threads(threads);
  if (options.quiet)
    set_log_sink(nullptr);
  else
    set_progress_sink(show_progress);
}

LoadOptions load_options(const CommonOptions& options) {
  LoadOptions load{.device = options.device, .dtype = options.dtype, .chat_template = options.chat_template};
  if (!options.image_aspect.empty()) load.image_aspect = options.image_aspect;
  return load;
}

std::vector<fs::path> expand_images(const std::vector<std::string>& arguments) {
  std::vector<fs::path> paths;
  for (const std::string& argument : arguments) {
    if (argument.starts_with('@'))
      append_list(argument.substr(1), paths);
    else if (fs::is_directory(argument))
      append_directory(argument, paths);
    else
      paths.emplace_back(argument);
  }
  expect_one_stdin(paths);
  return paths;
}

void expect_one_stdin(const std::vector<fs::path>& paths) {
  check(std::ranges::count(paths, fs::path(kStdin)) <= 1, "-: stdin holds one picture, and is named more than once");
}

void tell_unreadable(const fs::path& path, const std::exception& error, const CommonOptions& options) {
  if (options.json)
    print_line({{"image", path.string()}, {"error", error.what()}});
  else
    write_stderr(fmt::format("omma: {}\n", error.what()));
}

int for_each_batch(const std::vector<fs::path>& paths, int batch, const CommonOptions& options,
                   const std::function<void(std::vector<NamedImage>&)>& body, const ClipBody& clips) {
  int status = kDone;
  std::vector<NamedImage> group;
  std::optional<Progress> progress;  // results on a terminal are progress enough
  if (paths.size() > 1 && ::isatty(STDOUT_FILENO) == 0) progress.emplace("pictures", std::ssize(paths));
  const auto flush = [&] {
    if (!group.empty()) body(group);
    if (progress) progress->advance(std::ssize(group));
    group.clear();
  };
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const fs::path& path = paths[i];
    try {
      if (clips.takes && clips.takes(path)) {
        flush();
        clips.body(path, i);
        if (progress) progress->advance();
      } else {
        group.push_back({.path = path, .image = read_picture(path), .index = i});
      }
    } catch (const std::invalid_argument& error) {
      flush();  // keeps the order of the lines
      if (progress) progress->advance();
      status = kCallersMistake;
      tell_unreadable(path, error, options);
    }
    if (static_cast<int>(group.size()) == batch) flush();
  }
  flush();
  return status;
}

Image read_picture(const fs::path& path) {
  if (path != kStdin) return read_image(path);
  const ImageLimits limits;
  std::vector<std::uint8_t> bytes;
  std::array<std::uint8_t, 1 << 16> block{};
  while (const std::size_t length = std::fread(block.data(), 1, block.size(), stdin)) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(length));
    check(bytes.size() <= limits.file_bytes, "stdin: a picture of more than {} bytes", limits.file_bytes);
  }
  return decode_image(bytes, "stdin", limits);
}

std::vector<Image> images_of(const std::vector<NamedImage>& group) {
  std::vector<Image> images;
  for (const NamedImage& named : group) images.push_back(named.image);
  return images;
}

json image_line(const fs::path& model, const NamedImage& named) {
  return {{"model", model.string()}, {"image", named.path.string()}, {"size", {named.image.width, named.image.height}}};
}

void add_overlay_flags(CLI::App& command, CommonOptions& options, bool& no_labels, const std::string& what) {
  command.add_option("--out", options.out, what)->type_name("PATH");
  command.add_flag("--no-labels", no_labels, "boxes alone, without words on the picture of --out");
}

void print_line(const json& object) {
  write_stdout(dump_json(object) + "\n");
  if (std::fflush(stdout) != 0) throw std::system_error(errno, std::generic_category(), "cannot write to stdout");
}

json timing_json(double load_ms, const Timing& timing) {
  const auto rounded = [](double ms) { return std::round(ms * 100) / 100; };
  json times = {{"load", rounded(load_ms)},
                {"preprocess", rounded(timing.preprocess)},
                {"encode", rounded(timing.encode)},
                {"decode", rounded(timing.decode)}};
  if (timing.postprocess) times["postprocess"] = rounded(*timing.postprocess);
  return times;
}

}  // namespace omma::app
