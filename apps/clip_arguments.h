// Clips on the command line: which arguments are clips, which of their frames are taken, and how results tell them.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/io/frame_sampling.h"
#include "omma/vision/video.h"

namespace omma::app {

struct ClipFlags {
  std::optional<int> frames;
  std::string sampling, times;  // "": not given

  // Whether one of them is: folders, GIF and WebP are clips then.
  bool are_given() const { return frames || !sampling.empty() || !times.empty(); }
};

// --frames, --sampling, --times.
void add_clip_flags(CLI::App& command, ClipFlags& flags);

// The frames that they ask for; as many as `count` where they do not say how many. Throws std::invalid_argument for flags that
// contradict each other.
FrameSampling sampling_of(const ClipFlags& flags, int count);

// IMAGE and VIDEO arguments as expand_images() gives them, but a folder is a clip where flags ask for clips.
std::vector<std::filesystem::path> expand_seen(const std::vector<std::string>& arguments, const ClipFlags& flags);

// A video file by its first bytes; with flags also a folder, a GIF and an animated WebP. Not for stdin, which is a picture.
bool is_clip(const std::filesystem::path& path, const ClipFlags& flags);

// The clip's frames for a model that was taught to see `count` of a clip. Throws std::invalid_argument where it sees none.
VideoClip read_clip(const std::filesystem::path& path, const ClipFlags& flags, std::optional<int> count);

json frame_json(const VideoFrame& frame);  // {"index", "seconds"}

// {"video", "size", "seconds", "frames"}, and "damaged_frames" where some are; with "model" what every JSON line about a clip
// begins with.
json clip_json(const std::filesystem::path& path, const VideoClip& clip);
json clip_line(const std::filesystem::path& model, const std::filesystem::path& path, const VideoClip& clip);

}  // namespace omma::app
