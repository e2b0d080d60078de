#include "omma/io/video_process.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "omma/base/error.h"

namespace omma {
namespace {

// As they lie in memory: both ends are one program.
struct CodecName {
  char text[32] = {};
};
struct PlanHead {
  double duration = 0;
  std::int64_t frame_count = 0, claimed = 0, taken = 0;
  CodecName codec;
};
struct TakenFrame {
  std::int64_t number = 0;
  double time = 0;
};
struct InfoHead {
  int width = 0, height = 0;
  double rate = 0, duration = 0;
  std::int64_t frame_count = 0, claimed = 0;
  CodecName codec;
};
struct FrameHead {
  std::int64_t number = 0;
  double time = 0;
  int width = 0, height = 0, is_damaged = 0;
};

CodecName packed(const std::string& codec) {
  CodecName name;
  std::copy_n(codec.data(), std::min(codec.size(), sizeof name.text - 1), name.text);
  return name;
}

std::string unpacked(const CodecName& name) { return {name.text, ::strnlen(name.text, sizeof name.text)}; }

template <class T>
void send(const T& value, const ChildProcess::Write& write) {
  static_assert(std::is_trivially_copyable_v<T>);
  write({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

}  // namespace

DecodingProcess::DecodingProcess(const std::function<void(const ChildProcess::Write&)>& work, const DecodingBudget& budget)
    : budget_(budget),
      child_([&](const ChildProcess::Write& write) { budget.within_memory([&] { work(write); }); }, budget.limits().memory) {}

bool DecodingProcess::read(std::span<std::uint8_t> bytes) {
  try {
    return child_.read(bytes, budget_.deadline());
  } catch (const ChildLate&) {
    budget_.fail_late();
  } catch (const ChildCrash& crash) {
    fail("{}: no video that omma reads: decoding it ended with {}", budget_.name(), crash.what());
  }
}

template <class T>
bool DecodingProcess::read_value(T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return read({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
}

template <class T>
T DecodingProcess::expect_value() {
  T value;
  if (!read_value(value)) fail_runtime("{}: the decoding process ended too early", budget_.name());
  return value;
}

VideoClip DecodingProcess::receive_plan() {
  const auto head = expect_value<PlanHead>();
  VideoClip plan{.frames = {},
                 .duration = head.duration,
                 .frame_count = head.frame_count,
                 .claimed = head.claimed,
                 .codec = unpacked(head.codec)};
  for (std::int64_t i = 0; i < head.taken; ++i) {
    const auto [number, time] = expect_value<TakenFrame>();
    plan.frames.push_back({.image = {}, .time = time, .number = number});
  }
  return plan;
}

VideoInfo DecodingProcess::receive_info() {
  const auto head = expect_value<InfoHead>();
  return {.width = head.width,
          .height = head.height,
          .rate = head.rate,
          .duration = head.duration,
          .frame_count = head.frame_count,
          .claimed = head.claimed,
          .codec = unpacked(head.codec)};
}

std::optional<ClipFrame> DecodingProcess::receive_frame() {
  FrameHead head;
  if (!read_value(head)) return std::nullopt;
  check(head.width > 0 && head.height > 0, "{}: no video frames", budget_.name());
  budget_.expect_size(head.width, head.height);
  ClipFrame frame{.shown = {.image = Image(head.width, head.height), .time = head.time, .number = head.number},
                  .is_damaged = head.is_damaged != 0};
  if (!read(frame.shown.image.data)) fail_runtime("{}: the decoding process ended too early", budget_.name());
  return frame;
}

void send_plan(const VideoClip& plan, const ChildProcess::Write& write) {
  send(PlanHead{.duration = plan.duration,
                .frame_count = plan.frame_count,
                .claimed = plan.claimed,
                .taken = std::ssize(plan.frames),
                .codec = packed(plan.codec)},
       write);
  for (const VideoFrame& frame : plan.frames) send(TakenFrame{.number = frame.number, .time = frame.time}, write);
}

void send_info(const VideoInfo& info, const ChildProcess::Write& write) {
  send(InfoHead{.width = info.width,
                .height = info.height,
                .rate = info.rate,
                .duration = info.duration,
                .frame_count = info.frame_count,
                .claimed = info.claimed,
                .codec = packed(info.codec)},
       write);
}

void send_frame(const ClipFrame& frame, const ChildProcess::Write& write) {
  const auto& [image, time, number] = frame.shown;
  send(FrameHead{.number = number, .time = time, .width = image.width, .height = image.height, .is_damaged = frame.is_damaged},
       write);
  write(image.data);
}

}  // namespace omma
