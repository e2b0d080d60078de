// omma quantize: a model with layers of 8-bit numbers.
#include <memory>
#include <optional>
#include <stdexcept>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/evenly_apart.h"
#include "omma/base/progress.h"
#include "omma/models/quantization.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

struct QuantizeOptions : CommonOptions {
  std::string out;
  std::vector<std::string> pictures;
  std::size_t count = 32;
};

// The pictures one after the other; those that cannot be read are told and left out.
class Pictures {
 public:
  Pictures(std::vector<std::filesystem::path> paths, const CommonOptions& options)
      : paths_(std::move(paths)), options_(options), progress_("pictures", std::ssize(paths_)) {}

  std::optional<Image> next() {
    while (next_ < paths_.size()) {
      if (next_ > 0) progress_.advance();
      const std::filesystem::path& path = paths_[next_++];
      try {
        return read_picture(path);
      } catch (const std::invalid_argument& error) {
        status_ = kCallersMistake;
        tell_unreadable(path, error, options_);
      }
    }
    progress_.advance();  // the last of them; nobody asks again
    return std::nullopt;
  }

  int status() const { return status_; }

 private:
  std::vector<std::filesystem::path> paths_;
  const CommonOptions& options_;
  Progress progress_;
  std::size_t next_ = 0;
  int status_ = kDone;
};

int run_quantize(const QuantizeOptions& options) {
  apply(options);
  const std::filesystem::path model = find_model(options.model);
  const auto paths = evenly_apart(expand_images(options.pictures), options.count);  // so that each part of a folder has its share
  InputPaths inputs = picture_inputs(options.pictures, paths);
  inputs.add_whole_folder(model);
  expect_output_folder(inputs, options.out);
  Pictures pictures(paths, options);
  const Quantized quantized = quantize_model(model, options.out, [&] { return pictures.next(); });
  const ModelInfo before = inspect_model(model), after = inspect_model(options.out);
  if (options.json) {
    json line = to_json(after);
    line["pictures"] = quantized.pictures;
    line["relative_error"] = quantized.relative_error;
    print_line(line);
  } else {
    const std::string of = quantized.pictures == 0 ? "the weights" : fmt::format("of {} pictures, on the last", quantized.pictures);
    print("{}: {:.1f} MB instead of {:.1f}; off by {:.1f} % ({})\n", options.out, static_cast<double>(after.bytes) / 1e6,
          static_cast<double>(before.bytes) / 1e6, 100 * quantized.relative_error, of);
  }
  return pictures.status();
}

}  // namespace

void add_quantize(CLI::App& app) {
  auto options = std::make_shared<QuantizeOptions>();
  CLI::App& command = *app.add_subcommand("quantize", "turn a model's linear layers into 8-bit numbers, which are quicker");
  command.add_option("MODEL", options->model, kModel)->required()->type_name("");
  command.add_option("OUT", options->out, "model directory to make")->required()->type_name("");
  command
      .add_option("--pictures", options->pictures,
                  "a segmenter's, to calibrate on, like those that it will see: files, directories or @list.txt")
      ->type_name("IMAGE");
  command.add_option("--count", options->count, "at most so many of them, spread over all")->capture_default_str()->type_name("N");
  add_run_flags(command, *options);
  add_command(command, "omma quantize facebook/sam-vit-base sam-int8 --pictures photos",
              [options] { return run_quantize(*options); });
}

}  // namespace omma::app
