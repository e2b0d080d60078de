// Video files: frames with their times. Files from outside are hostile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/frame_sampling.h"
#include "omma/vision/video.h"

namespace omma {

struct VideoLimits {
  std::int64_t file_bytes = std::int64_t{16} << 30;
  std::int64_t frame_pixels = 8192 * 8192;                // width x height of a frame, checked before it is decoded
  std::int64_t taken_pixels = std::int64_t{2} << 30;      // of all frames taken
  std::int64_t decoded_pixels = std::int64_t{400} << 30;  // of all frames decoded on the way to them: hours of 1080p
  std::int64_t frames = 10'000'000;                       // in the file, or pictures in the folder
  double seconds = 24 * 3600;                             // from the first frame to the last
  double deadline = 60;                                   // seconds that reading may take
  std::int64_t memory = std::int64_t{4} << 30;            // bytes that decoding may take
  int threads = 2;                                        // that decode; the frames are the same with any number
  bool in_child = true;                                   // decode in a process of its own (a debugger or a fuzzer wants none)
};

// Whether the bytes begin as a video container that omma reads does, or as an animation: GIF, or WebP of several frames.
bool is_video(std::span<const std::uint8_t> beginning);

// The frames that `sampling` takes, 8-bit RGB, upright and with square pixels: turned and mirrored as the container says, the
// longer side of a pixel stretched. Frames are told apart by their time stamps, not by the container's count: of two with one time
// stamp the first counts, the clip begins with the earliest. Of MP4 and QuickTime, Matroska and WebM, AVI, MPEG transport and
// program streams, FLV, GIF and animated WebP; video alone is decoded, and nothing is opened but the file. Where the file lets it,
// decoding begins at the key frame before a frame that is taken. A folder's pictures (see picture_extensions(); by name, byte for
// byte) are frames, too, `picture_rate` a second, each of its own size.
//
// Decoding runs in a child process, which is killed at the deadline and cannot harm this one; memory limits hold there alone.
//
// Throws std::invalid_argument, beginning with the file's name, for what is no such file or beyond the limits ("no video frames"
// where there are none), std::runtime_error past the deadline. Thread-safe.
VideoClip read_video(const std::filesystem::path& path, const FrameSampling& sampling, const VideoLimits& limits = {});
VideoClip decode_video(std::span<const std::uint8_t> bytes, std::string_view name, const FrameSampling& sampling,
                       const VideoLimits& limits = {});

}  // namespace omma
