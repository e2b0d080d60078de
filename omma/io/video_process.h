// Decoding in a child process, and what comes from there. Not part of the interface: see video_file.h and video_stream.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "omma/base/child_process.h"
#include "omma/io/clip_reader.h"
#include "omma/io/video_stream.h"
#include "omma/vision/video.h"

namespace omma {

struct ClipFrame {
  VideoFrame shown;
  bool is_damaged = false;  // or a neighbour's picture
};

class DecodingProcess {
 public:
  // The deadline is the budget's, which must outlive this.
  DecodingProcess(const std::function<void(const ChildProcess::Write&)>& work, const DecodingBudget& budget);

  // In the order and the number in which `work` sends them. Throw as read_video does.
  VideoClip receive_plan();
  VideoInfo receive_info();
  std::optional<ClipFrame> receive_frame();  // nothing: there are no more

 private:
  bool read(std::span<std::uint8_t> bytes);
  template <class T>
  bool read_value(T& value);
  template <class T>
  T expect_value();

  const DecodingBudget& budget_;
  ChildProcess child_;
};

// A clip with the numbers and times of its frames, whose pictures come later.
void send_plan(const VideoClip& plan, const ChildProcess::Write& write);
void send_info(const VideoInfo& info, const ChildProcess::Write& write);
void send_frame(const ClipFrame& frame, const ChildProcess::Write& write);

}  // namespace omma
