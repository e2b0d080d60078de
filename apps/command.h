// What the program's commands share: the common flags, pictures named on the command line, JSON lines, exit statuses.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/models/registry.h"
#include "omma/tasks/generation_options.h"
#include "omma/tasks/timing.h"
#include "omma/vision/image.h"

namespace omma::app {

// Exit statuses of the program.
inline constexpr int kDone = 0;
inline constexpr int kFailure = 1;
inline constexpr int kCallersMistake = 2;
inline constexpr int kStoppedBySignal = 128;  // and the signal's number

struct CommonOptions {
  std::string model;
  std::string device = "auto";
  std::string dtype = "auto";
  std::string chat_template, image_aspect;  // "": the model's own
  int threads = 0;                          // 0: what the machine allows
  bool json = false;
  bool quiet = false;
  std::string out;
};

// Registers a command with a line that shows how it is called; `run` returns the exit status and may throw.
void add_command(CLI::App& command, const std::string& example, std::function<int()> run);
int last_status();

// --threads, --json and --quiet; add_device_flags also --device and --dtype, add_model_flags also --model.
void add_run_flags(CLI::App& command, CommonOptions& options);
void add_device_flags(CLI::App& command, CommonOptions& options);
void add_model_flags(CLI::App& command, CommonOptions& options);

// --beams, --top-p, --top-k, --temperature, --seed, --max-tokens, --min-tokens, --repetition-penalty, --length-penalty.
void add_generation_flags(CLI::App& command, GenerationOptions& options);
// Whether they ask for sampling: any of --top-p, --top-k, --temperature and --seed does. Unset: as the model does by default.
std::optional<bool> samples(const GenerationOptions& options);

// --template and --image-aspect.
void add_chat_flags(CLI::App& command, CommonOptions& options);

// --batch.
void add_batch_flag(CLI::App& command, int& batch);

// Takes the threads, the log and the progress line into use.
void apply(const CommonOptions& options);

LoadOptions load_options(const CommonOptions& options);

// The description of what find_model() takes.
inline constexpr const char* kModel = "model directory, .gguf file, name in the zoo or of omma pull, or Hugging Face ID";

// The description of IMAGE arguments.
inline constexpr const char* kImages = "files, directories, @list.txt, or - for a picture from stdin";
inline constexpr const char* kImagesAndVideos = "pictures and video files, directories, @list.txt, or - for a picture from stdin";

// IMAGE arguments: files, directories (their pictures by name), @lists (one path a line) and "-", once.
std::vector<std::filesystem::path> expand_images(const std::vector<std::string>& arguments);

// Throws std::invalid_argument where "-" is among them more than once.
void expect_one_stdin(const std::vector<std::filesystem::path>& paths);

// The picture of a path that expand_images() gave; "-" reads stdin to its end. Throws std::invalid_argument.
Image read_picture(const std::filesystem::path& path);

// Tells of a picture that cannot be read, as a JSON line or on stderr.
void tell_unreadable(const std::filesystem::path& path, const std::exception& error, const CommonOptions& options);

// Reads the pictures in groups of up to `batch` and calls `body` with each group; an unreadable one is told (as a JSON line or on
// stderr) and the others go on. Progress is shown where results do not go to the terminal. Returns the exit status.
struct NamedImage {
  std::filesystem::path path;
  Image image;
  std::size_t index = 0;  // among `paths`
};
// Paths that `clips.takes` are none of the pictures: each is told of alone, in its turn, by `clips.body`, which may throw
// std::invalid_argument as reading a picture does.
struct ClipBody {
  std::function<bool(const std::filesystem::path&)> takes;
  std::function<void(const std::filesystem::path&, std::size_t index)> body;  // `index` among `paths`
};
int for_each_batch(const std::vector<std::filesystem::path>& paths, int batch, const CommonOptions& options,
                   const std::function<void(std::vector<NamedImage>&)>& body, const ClipBody& clips = {});

std::vector<Image> images_of(const std::vector<NamedImage>& group);

// {"model", "image", "size"}: what every JSON line about a picture begins with.
json image_line(const std::filesystem::path& model, const NamedImage& named);

// --out and --no-labels of a picture with boxes over it.
void add_overlay_flags(CLI::App& command, CommonOptions& options, bool& no_labels, const std::string& what);

void print_line(const json& object);
json timing_json(double load_ms, const Timing& timing);

}  // namespace omma::app
