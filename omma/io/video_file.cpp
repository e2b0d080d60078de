#include "omma/io/video_file.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/io/clip_reader.h"
#include "omma/io/video_process.h"

namespace omma {
namespace {

using Numbers = std::vector<std::size_t>;

// Frames, rising, each of which a reader goes on to from the one before it; what takes longest comes first.
std::vector<Numbers> decoding_jobs(const ClipReader& reader, Numbers numbers) {
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<Numbers> jobs;
  for (const std::size_t number : numbers) {
    if (jobs.empty() || !reader.follows(jobs.back().back(), number)) jobs.emplace_back();
    jobs.back().push_back(number);
  }
  const auto steps = [&](const Numbers& job) { return reader.steps_to(job.front()) + job.back() - job.front(); };
  std::ranges::stable_sort(jobs, std::greater(), steps);
  return jobs;
}

// Decodes what `sampling` takes, by several readers at once. Tells which frames they are, and then each of them once, in any order.
class FrameTaker {
 public:
  using Planned = std::function<void(VideoClip)>;
  using Taken = std::function<void(ClipFrame)>;  // one at a time

  FrameTaker(const ClipPlace& place, const FrameSampling& sampling, DecodingBudget& budget)
      : place_(place), sampling_(sampling), budget_(budget) {}

  void run(const Planned& planned, const Taken& taken) const {
    const std::unique_ptr<ClipReader> first = open_clip(place_, budget_);
    const ClipContents& contents = first->contents();
    const Numbers numbers = sampled_frames(sampling_, contents.times, contents.duration);
    planned(plan_of(contents, numbers));
    const std::vector<Numbers> jobs = decoding_jobs(*first, numbers);
    std::atomic<std::size_t> next = 0;
    std::mutex one_at_a_time;
    std::int64_t pixels = 0;
    const auto work = [&](ClipReader& reader) {
      for (std::size_t job = next++; job < jobs.size(); job = next++) {
        for (const std::size_t number : jobs[job]) {
          auto [image, is_damaged] = reader.frame(number);
          const std::lock_guard lock(one_at_a_time);
          pixels += std::int64_t{image.width} * image.height;
          check(pixels <= budget_.limits().taken_pixels, "{}: expected frames of at most {} pixels in all", budget_.name(),
                budget_.limits().taken_pixels);
          taken({.shown = {.image = std::move(image), .time = contents.times[number], .number = static_cast<std::int64_t>(number)},
                 .is_damaged = is_damaged});
        }
      }
    };
    const int readers = static_cast<int>(std::min<std::int64_t>(std::max(1, budget_.limits().threads), std::ssize(jobs)));
    parallel_for(readers, readers, [&](std::int64_t reader, std::int64_t) {
      try {
        reader == 0 ? work(*first) : work(*first->another());
      } catch (...) {
        next = jobs.size();  // for the others, too
        throw;
      }
    });
  }

 private:
  static VideoClip plan_of(const ClipContents& contents, const Numbers& numbers) {
    VideoClip plan{.frames = {},
                   .duration = contents.duration,
                   .frame_count = std::ssize(contents.times),
                   .claimed = contents.claimed,
                   .codec = contents.codec};
    for (const std::size_t number : numbers)
      plan.frames.push_back({.image = {}, .time = contents.times[number], .number = static_cast<std::int64_t>(number)});
    return plan;
  }

  const ClipPlace& place_;
  const FrameSampling& sampling_;
  DecodingBudget& budget_;
};

// A clip whose pictures come in any order.
class ClipUnderway {
 public:
  explicit ClipUnderway(VideoClip plan) : clip_(std::move(plan)) {
    for (std::size_t i = 0; i < clip_.frames.size(); ++i) places_.emplace(clip_.frames[i].number, i);
  }

  void put(ClipFrame frame) {
    if (frame.is_damaged) ++clip_.errors;
    for (auto [place, end] = places_.equal_range(frame.shown.number); place != end;) {
      Image& image = clip_.frames[place->second].image;
      if (++place == end)
        image = std::move(frame.shown.image);
      else
        image = frame.shown.image;
    }
  }

  VideoClip take() { return std::move(clip_); }

 private:
  VideoClip clip_;
  std::multimap<std::int64_t, std::size_t> places_;  // of a frame's number among the frames
};

VideoClip read_clip(const ClipPlace& place, std::string name, const FrameSampling& sampling, const VideoLimits& limits) {
  DecodingBudget budget(std::move(name), limits);
  const FrameTaker taker(place, sampling, budget);
  if (!limits.in_child) {
    return budget.within_memory([&] {
      std::optional<ClipUnderway> clip;
      taker.run([&](VideoClip plan) { clip.emplace(std::move(plan)); }, [&](ClipFrame frame) { clip->put(std::move(frame)); });
      return clip->take();
    });
  }
  DecodingProcess child(
      [&](const ChildProcess::Write& write) {
        taker.run([&](const VideoClip& plan) { send_plan(plan, write); },
                  [&](const ClipFrame& frame) { send_frame(frame, write); });
      },
      budget);
  ClipUnderway clip(child.receive_plan());
  while (std::optional<ClipFrame> frame = child.receive_frame()) clip.put(std::move(*frame));
  return clip.take();
}

}  // namespace

bool is_video(std::span<const std::uint8_t> beginning) {
  return begins_webp_animation(beginning) || begins_video_container(beginning);
}

VideoClip read_video(const std::filesystem::path& path, const FrameSampling& sampling, const VideoLimits& limits) {
  return read_clip({.path = path, .picture_rate = sampling.picture_rate}, path.string(), sampling, limits);
}

VideoClip decode_video(std::span<const std::uint8_t> bytes, std::string_view name, const FrameSampling& sampling,
                       const VideoLimits& limits) {
  return read_clip({.path = {}, .bytes = bytes}, std::string(name), sampling, limits);
}

}  // namespace omma
