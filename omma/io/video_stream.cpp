#include "omma/io/video_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "omma/base/error.h"
#include "omma/io/clip_reader.h"
#include "omma/io/video_process.h"

namespace omma {

class VideoStream::Frames {
 public:
  virtual ~Frames() = default;
  virtual std::optional<ClipFrame> next() = 0;

  VideoInfo info;
  std::int64_t errors = 0;
};

namespace {

// Average from the first frame to the last.
double rate_of(const ClipContents& contents) {
  const auto frames = static_cast<double>(contents.times.size());
  if (frames > 1) return (frames - 1) / contents.times.back();
  return contents.duration > 0 ? frames / contents.duration : 0;
}

}  // namespace

class VideoStream::DecodedHere : public Frames {
 public:
  DecodedHere(const ClipPlace& place, double every, const VideoLimits& limits)
      : budget_(place.path.string(), limits),
        reader_(budget_.within_memory([&] { return open_clip(place, budget_); })),
        every_(every) {
    const ClipContents& contents = reader_->contents();
    info = {.width = contents.width,
            .height = contents.height,
            .rate = rate_of(contents),
            .duration = contents.duration,
            .frame_count = std::ssize(contents.times),
            .claimed = contents.claimed,
            .codec = contents.codec};
  }

  std::optional<ClipFrame> next() override {
    if (!number_) return std::nullopt;
    const std::size_t number = *std::exchange(number_, std::nullopt);  // nothing after what throws
    budget_.restart();
    auto [image, is_damaged] = budget_.within_memory([&] { return reader_->frame(number); });
    number_ = number_after(number);
    return ClipFrame{.shown = {.image = std::move(image),
                               .time = reader_->contents().times[number],
                               .number = static_cast<std::int64_t>(number)},
                     .is_damaged = is_damaged};
  }

 private:
  // That which is on screen at the first multiple of `every` after it.
  std::optional<std::size_t> number_after(std::size_t number) const {
    const std::vector<double>& times = reader_->contents().times;
    if (++number == times.size() || every_ == 0) return number < times.size() ? std::optional(number) : std::nullopt;
    constexpr double microsecond = 1e-6;  // see frame_on_screen
    const double multiple = std::ceil((times[number] - microsecond) / every_) * every_;
    if (multiple >= reader_->contents().duration) return std::nullopt;
    return std::max(number, frame_on_screen(multiple, times));
  }

  DecodingBudget budget_;
  std::unique_ptr<ClipReader> reader_;
  double every_;
  std::optional<std::size_t> number_ = 0;  // of the next one
};

class VideoStream::DecodedInChild : public Frames {
 public:
  DecodedInChild(const ClipPlace& place, double every, const VideoLimits& limits)
      : budget_(place.path.string(), limits),
        child_(
            [&](const ChildProcess::Write& write) {
              DecodedHere frames(place, every, limits);
              send_info(frames.info, write);
              while (const std::optional<ClipFrame> frame = frames.next()) send_frame(*frame, write);
            },
            budget_) {
    info = child_.receive_info();
  }

  std::optional<ClipFrame> next() override {
    budget_.restart();
    return child_.receive_frame();
  }

 private:
  DecodingBudget budget_;
  DecodingProcess child_;
};

VideoStream::VideoStream(const std::filesystem::path& path, const VideoStreamOptions& options, const VideoLimits& limits) {
  check(std::isfinite(options.every) && options.every >= 0, "every: expected 0 seconds or more, got {:.6g}", options.every);
  const ClipPlace place{.path = path, .picture_rate = options.picture_rate};
  if (limits.in_child)
    frames_ = std::make_unique<DecodedInChild>(place, options.every, limits);
  else
    frames_ = std::make_unique<DecodedHere>(place, options.every, limits);
}

VideoStream::~VideoStream() = default;
VideoStream::VideoStream(VideoStream&&) noexcept = default;
VideoStream& VideoStream::operator=(VideoStream&&) noexcept = default;

const VideoInfo& VideoStream::info() const { return frames_->info; }

std::int64_t VideoStream::errors() const { return frames_->errors; }

std::optional<VideoFrame> VideoStream::next() {
  std::optional<ClipFrame> frame = frames_->next();
  if (!frame) return std::nullopt;
  if (frame->is_damaged) ++frames_->errors;
  return std::move(frame->shown);
}

}  // namespace omma
