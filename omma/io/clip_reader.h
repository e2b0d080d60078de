// What gives the frames of a clip, of whatever it is made. Not part of the interface: see video_file.h and video_stream.h.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/io/byte_source.h"
#include "omma/io/video_file.h"
#include "omma/vision/image.h"

namespace omma {

// What decoding a clip may cost, counted over all of its readers. Thread-safe but for restart().
class DecodingBudget {
 public:
  using Clock = std::chrono::steady_clock;

  DecodingBudget(std::string name, const VideoLimits& limits) : name_(std::move(name)), limits_(limits) { restart(); }

  const std::string& name() const { return name_; }
  const VideoLimits& limits() const { return limits_; }
  Clock::time_point deadline() const { return deadline_; }
  bool is_late() const { return Clock::now() > deadline_; }

  void restart();  // a new deadline, no pixels decoded

  // Each throws where the limit is passed: std::runtime_error the first, std::invalid_argument the others.
  void expect_time() const;
  [[noreturn]] void fail_late() const;
  void expect_size(std::int64_t width, std::int64_t height) const;  // of a frame
  void expect_frames(std::int64_t count) const;
  void expect_seconds(double duration) const;
  void spend(std::int64_t width, std::int64_t height);  // on a frame that was decoded

  // What `work` gives; std::invalid_argument where it runs out of memory.
  template <class Work>
  auto within_memory(const Work& work) const {
    try {
      return work();
    } catch (const std::bad_alloc&) {
      fail_of_memory();
    }
  }

 private:
  [[noreturn]] void fail_of_memory() const;

  std::string name_;  // of the clip: begins every error
  VideoLimits limits_;
  Clock::time_point deadline_;
  std::atomic<std::int64_t> decoded_pixels_ = 0;
};

struct ClipContents {
  std::vector<double> times;  // when each frame comes on screen: seconds that rise from 0
  double duration = 0;        // seconds, to the end of the last frame
  int width = 0, height = 0;  // of the first frame as shown
  std::int64_t claimed = 0;   // frames, as the container says; 0: it does not
  std::string codec;
};

struct DecodedFrame {
  Image image;
  bool is_damaged = false;  // or a neighbour's picture
};

// One thread at a time.
class ClipReader {
 public:
  virtual ~ClipReader() = default;
  virtual const ClipContents& contents() const = 0;

  // The frame of this number; numbers rise from call to call. What the picture is depends on the numbers asked for before only
  // where each follows() the one before it.
  virtual DecodedFrame frame(std::size_t number) = 0;

  // Whether frame() goes on to `number` from `last`, which is below it, rather than beginning anew.
  virtual bool follows(std::size_t last, std::size_t number) const = 0;

  // How many frames are decoded for this one where frame() begins anew.
  virtual std::size_t steps_to(std::size_t number) const = 0;

  // One more on the same clip, for another thread.
  virtual std::unique_ptr<ClipReader> another() const = 0;
};

// Where a clip is: a path, or `bytes`.
struct ClipPlace {
  std::filesystem::path path;
  std::optional<std::span<const std::uint8_t>> bytes = std::nullopt;
  double picture_rate = 1;  // see FrameSampling
};

// `budget` must outlive the reader, as the bytes must. Throws as read_video does.
std::unique_ptr<ClipReader> open_clip(const ClipPlace& place, DecodingBudget& budget);

// For each kind of clip.
std::unique_ptr<ClipReader> open_picture_folder(const std::filesystem::path& folder, double picture_rate, DecodingBudget& budget);
std::unique_ptr<ClipReader> open_webp_animation(const ByteSource& source, DecodingBudget& budget);
std::unique_ptr<ClipReader> open_video_container(std::shared_ptr<const ByteSource> source, DecodingBudget& budget);

// Whether bytes begin as one of them does.
bool begins_webp_animation(std::span<const std::uint8_t> beginning);
bool begins_video_container(std::span<const std::uint8_t> beginning);

}  // namespace omma
