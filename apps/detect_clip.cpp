#include "apps/detect_clip.h"

#include <unistd.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "apps/detections.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/io/video_file.h"
#include "omma/io/video_stream.h"
#include "omma/io/video_writer.h"
#include "omma/train/stop_request.h"
#include "omma/vision/draw.h"

namespace omma::app {
namespace {

// Where the frames come from, and how many there will be.
struct Frames {
  std::function<std::optional<VideoFrame>()> next;
  std::int64_t count = 0;
  std::function<std::int64_t()> damaged;
};

Frames taken_frames(const ClipDetection& work) {
  const auto clip = std::make_shared<VideoClip>(read_clip(work.clip, work.flags, 8));
  const auto place = std::make_shared<std::size_t>(0);
  return {.next = [clip, place]() -> std::optional<VideoFrame> {
            if (*place == clip->frames.size()) return std::nullopt;
            return std::move(clip->frames[(*place)++]);
          },
          .count = std::ssize(clip->frames),
          .damaged = [clip] { return clip->errors; }};
}

Frames all_frames(const ClipDetection& work) {
  const double step = work.out.empty() ? work.every.value_or(0) : 0;  // what is written holds the frames in between, too
  const auto stream = std::make_shared<VideoStream>(work.clip, VideoStreamOptions{.every = step});
  const VideoInfo& info = stream->info();
  const auto steps = step > 0 ? static_cast<std::int64_t>(std::ceil(info.duration / step)) : info.frame_count;
  return {.next = [stream] { return stream->next(); },
          .count = std::max<std::int64_t>(1, std::min(steps, info.frame_count)),
          .damaged = [stream] { return stream->errors(); }};
}

class ClipDetector {
 public:
  ClipDetector(Detector& detector, const ClipDetection& work)
      : detector_(detector), work_(work), frames_(work.flags.are_given() ? taken_frames(work) : all_frames(work)) {
    if (!work.out.empty()) writer_.emplace(work.out);
    if (::isatty(STDOUT_FILENO) == 0) progress_.emplace("frames", frames_.count);
  }

  int run() {
    const StopRequest stop;
    while (stop.signal() == 0) {
      std::optional<VideoFrame> frame = frames_.next();
      if (!frame) break;
      take(std::move(*frame));
    }
    look();
    if (writer_) writer_->finish();
    if (const std::int64_t damaged = frames_.damaged(); damaged > 0)
      write_stderr(fmt::format("omma: {}: {} frames are damaged\n", work_.clip.string(), damaged));
    return stop.signal() != 0 ? kStoppedBySignal + stop.signal() : kDone;
  }

 private:
  struct Waiting {
    VideoFrame frame;
    bool is_examined = false;
  };

  void take(VideoFrame frame) {
    const bool is_due = frame.time >= due_ - 1e-9;
    if (is_due && work_.every) due_ = *work_.every * (std::floor(frame.time / *work_.every + 1e-9) + 1);
    examined_ += is_due ? 1 : 0;
    waiting_.push_back({std::move(frame), is_due});
    if (examined_ == work_.batch || std::ssize(waiting_) == most_waiting) look();
  }

  void look() {
    std::vector<Image> images;
    for (const Waiting& each : waiting_)
      if (each.is_examined) images.push_back(each.frame.image);
    std::vector<DetectionResult> results;
    if (!images.empty()) results = detector_.detect(images, work_.prompt, work_.thresholds);
    auto result = results.begin();
    for (Waiting& each : waiting_) {
      if (each.is_examined) {
        tell(each.frame, *result);
        boxes_ = boxes_of(*result++, work_.labels);
      }
      if (!writer_) continue;
      draw_boxes(each.frame.image, boxes_);
      writer_->append(each.frame.image, each.frame.time);
    }
    if (progress_) progress_->advance(std::ssize(waiting_));
    waiting_.clear();
    examined_ = 0;
  }

  void tell(const VideoFrame& frame, const DetectionResult& result) const {
    if (!work_.as_json) {
      print("{} {:.3f} s ({} x {})\n", work_.clip.string(), frame.time, frame.image.width, frame.image.height);
      return print_detections(result);
    }
    json line = {{"model", work_.model.string()},
                 {"video", work_.clip.string()},
                 {"size", {frame.image.width, frame.image.height}},
                 {"frames", {frame_json(frame)}},
                 {"detections", detections_json(result)},
                 {"timing_ms", timing_json(work_.load_ms, result.timing)}};
    line["time"] = line["frames"][0]["seconds"];
    line.update(work_.told);
    print_line(line);
  }

  static constexpr std::ptrdiff_t most_waiting = 32;  // pictures in memory

  Detector& detector_;
  const ClipDetection& work_;
  Frames frames_;
  std::optional<VideoWriter> writer_;
  std::optional<Progress> progress_;  // results on a terminal are progress enough
  std::vector<Waiting> waiting_;
  std::vector<LabelledBox> boxes_;  // of the last frame that was looked at
  int examined_ = 0;                // of those that wait
  double due_ = 0;                  // seconds: when the next one is looked at
};

}  // namespace

int detect_in_clip(Detector& detector, const ClipDetection& work) {
  check(!work.every || *work.every > 0, "--every: expected seconds above 0");
  check(!work.every || !work.flags.are_given(), "--every: expected no --frames, --sampling and --times beside it");
  return ClipDetector(detector, work).run();
}

}  // namespace omma::app
