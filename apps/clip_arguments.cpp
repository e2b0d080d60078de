#include "apps/clip_arguments.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <span>
#include <string_view>

#include "apps/command.h"
#include "omma/base/error.h"
#include "omma/io/video_file.h"

namespace omma::app {
namespace fs = std::filesystem;
namespace {

// Pictures of several frames are pictures, too.
bool is_moving_picture(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.starts_with("GIF8") ||
         (text.starts_with("RIFF") && text.substr(std::min<std::size_t>(8, text.size())).starts_with("WEBP"));
}

double to_milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

}  // namespace

void add_clip_flags(CLI::App& command, ClipFlags& flags) {
  command.add_option("--frames", flags.frames, "how many of a clip's frames are seen (default: as the model was taught)")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
  command.add_option("--sampling", flags.sampling, "which: uniform, the first and the last among them (default), stride or fps:N")
      ->type_name("HOW");
  command
      .add_option("--times", flags.times,
                  "those on screen at these seconds, end for the last: 1.0,2.5,end. With one of the three a folder of pictures, a "
                  "GIF or an animated WebP is a clip, too")
      ->type_name("TIMES");
}

FrameSampling sampling_of(const ClipFlags& flags, int count) {
  FrameSampling sampling{.count = flags.frames.value_or(count)};
  check(flags.times.empty() || (flags.sampling.empty() && !flags.frames),
        "--times: expected no --frames and no --sampling beside it");
  if (!flags.times.empty()) {
    sampling.kind = FrameSampling::Kind::times;
    sampling.times = parse_frame_times(flags.times, "--times");
  } else if (!flags.sampling.empty()) {
    const FrameSampling asked = parse_frame_sampling(flags.sampling, "--sampling");
    check(asked.kind != FrameSampling::Kind::rate || !flags.frames, "--sampling fps:N: expected no --frames beside it");
    sampling.kind = asked.kind;
    sampling.rate = asked.rate;
  }
  return sampling;
}

std::vector<fs::path> expand_seen(const std::vector<std::string>& arguments, const ClipFlags& flags) {
  std::vector<fs::path> paths;
  for (const std::string& argument : arguments) {
    if (std::error_code error; flags.are_given() && fs::is_directory(argument, error)) {
      paths.emplace_back(argument);
      continue;
    }
    const auto named = expand_images({argument});
    paths.insert(paths.end(), named.begin(), named.end());
  }
  expect_one_stdin(paths);
  return paths;
}

bool is_clip(const fs::path& path, const ClipFlags& flags) {
  std::error_code error;
  if (fs::is_directory(path, error)) return flags.are_given();
  if (!fs::is_regular_file(path, error)) return false;
  std::array<char, 64> beginning{};
  std::ifstream file(path, std::ios::binary);
  file.read(beginning.data(), beginning.size());
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(beginning.data()),
                                            static_cast<std::size_t>(file.gcount()));
  return is_video(bytes) && (flags.are_given() || !is_moving_picture(bytes));
}

VideoClip read_clip(const fs::path& path, const ClipFlags& flags, std::optional<int> count) {
  check(count.has_value(), "{}: a clip, and this model sees pictures alone", path.string());
  return read_video(path, sampling_of(flags, *count));
}

json frame_json(const VideoFrame& frame) { return {{"index", frame.number}, {"seconds", to_milliseconds(frame.time)}}; }

json clip_json(const fs::path& path, const VideoClip& clip) {
  const Image& first = clip.frames.front().image;
  json object = {{"video", path.string()},
                 {"size", {first.width, first.height}},
                 {"seconds", to_milliseconds(clip.duration)},
                 {"frames", json::array()}};
  for (const VideoFrame& frame : clip.frames) object["frames"].push_back(frame_json(frame));
  if (clip.errors > 0) object["damaged_frames"] = clip.errors;
  return object;
}

json clip_line(const fs::path& model, const fs::path& path, const VideoClip& clip) {
  json line = clip_json(path, clip);
  line["model"] = model.string();
  return line;
}

}  // namespace omma::app
