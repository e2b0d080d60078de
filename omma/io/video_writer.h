// Video files out: frames with their times, as an .mp4 that players begin at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "omma/vision/image.h"

namespace omma {

// Throws std::invalid_argument unless the name ends in .mp4 and this build writes video (not OMMA_MINIMAL): before there is a
// frame.
void expect_video_name(const std::filesystem::path& file);

// Writes one video, frame by frame: H.264 where libavcodec has libx264, else MPEG-4, both 4:2:0 and tagged as BT.709, no sound. The
// frames are collected beside `file`, and finish() puts them in its place whole (see write_file); a writer that ends without it
// leaves nothing. Who is interrupted calls finish() and has the frames so far. Not thread-safe.
class VideoWriter {
 public:
  // `threads` of the encoder; `codec` "h264" or "mpeg4", "" for the first of them that libavcodec has. Throws std::invalid_argument
  // as expect_video_name does, for a path that cannot be right and for a codec that is absent, std::runtime_error for a disk that
  // refuses.
  explicit VideoWriter(std::filesystem::path file, int threads = 2, std::string_view codec = "");
  ~VideoWriter();
  VideoWriter(VideoWriter&&) noexcept;

  // A frame that is shown from `time` on, in seconds: any at first, where the video begins, and then later by 20 microseconds to an
  // hour. The first frame's size is the video's, an odd side longer by one pixel (its last one again); later frames of another size
  // are scaled to fit, in the middle of black. Throws std::invalid_argument for such a time, an empty frame or one too large for
  // the codec, and std::runtime_error where the disk refuses: by then the file cannot be finished.
  void append(const Image& frame, double time);

  // The last frame is shown for `last` seconds, unless given as long as the others in the median, a single one for a second. Throws
  // std::invalid_argument where there are no frames, std::runtime_error where the disk refuses. Nothing may follow.
  void finish(std::optional<double> last = std::nullopt);

  std::int64_t frames() const;     // so far
  std::string_view codec() const;  // "h264" or "mpeg4"

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace omma
