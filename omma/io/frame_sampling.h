// Which frames of a clip are taken.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace omma {

struct FrameSampling {
  enum class Kind {
    uniform,  // `count`, the first and the last among them: int(linspace(0, n - 1, count)), Video-LLaVA's
    stride,   // every n / count: int(arange(0, n, n / count)), transformers' examples'
    rate,     // those on screen at 0, 1 / rate, 2 / rate, ... seconds
    times,    // those on screen at `times`
  };
  Kind kind = Kind::uniform;
  int count = 8;                   // frames: of a clip of fewer some come twice
  double rate = 1;                 // frames a second
  std::vector<double> times = {};  // seconds from the clip's beginning
  double picture_rate = 1;         // of a folder of pictures, which tells no times: how many of them are a second
};

// "uniform", "stride" or "fps:2.5"; "1.0,2.5" in seconds, or "end" for the last frame. Throw std::invalid_argument that begins with
// `what`.
FrameSampling parse_frame_sampling(std::string_view text, std::string_view what);
std::vector<double> parse_frame_times(std::string_view text, std::string_view what);

// The number of the frame that is on screen at `time`, of frames that come there at `times`, which rise from 0. A microsecond
// before its time a frame is there, so that a third of a second is one however it was computed.
std::size_t frame_on_screen(double time, std::span<const double> times);

// The numbers of the frames to take, as asked for, of a clip whose frames come on screen at `times` and that ends at `duration`
// seconds. Throws std::invalid_argument for no frames, for more than ten million, and for a time beyond the clip.
std::vector<std::size_t> sampled_frames(const FrameSampling& sampling, std::span<const double> times, double duration);

}  // namespace omma
