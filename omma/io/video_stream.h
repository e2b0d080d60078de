// All frames of a clip, one after the other, in memory that does not grow with its length.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "omma/io/video_file.h"
#include "omma/vision/video.h"

namespace omma {

struct VideoInfo {
  int width = 0, height = 0;     // of the first frame as shown: upright, with square pixels
  double rate = 0;               // frames a second, on average from the first to the last; 0: one frame that does not say how long
  double duration = 0;           // seconds, to the end of the last frame
  std::int64_t frame_count = 0;  // in the file, as they were found
  std::int64_t claimed = 0;      // as the container says, 0: it does not
  std::string codec;
};

struct VideoStreamOptions {
  double every = 0;         // seconds: the frames on screen at 0, every, 2 every, ... and each once; 0: all frames
  double picture_rate = 1;  // see FrameSampling
};

// Takes what read_video takes and gives the same pixels. The frames are decoded ahead, by one, in a process of their own, which
// ends with this object. `deadline` and `decoded_pixels` of the limits count for each frame anew, `taken_pixels` not at all.
// Movable; one thread at a time. Throws as read_video does.
class VideoStream {
 public:
  explicit VideoStream(const std::filesystem::path& path, const VideoStreamOptions& options = {}, const VideoLimits& limits = {});
  ~VideoStream();
  VideoStream(VideoStream&& other) noexcept;
  VideoStream& operator=(VideoStream&& other) noexcept;

  const VideoInfo& info() const;

  // Nothing after the last frame, and after a call that threw. A frame that is damaged, or that cannot be decoded and has a
  // neighbour's picture, is given like any other and counted.
  std::optional<VideoFrame> next();

  // Among the frames given so far.
  std::int64_t errors() const;

 private:
  class Frames;
  class DecodedHere;
  class DecodedInChild;
  std::unique_ptr<Frames> frames_;
};

}  // namespace omma
