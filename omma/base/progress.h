// Progress of a long job: one line with count, rate and time left.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace omma {

struct ProgressState {
  std::string_view what;  // "train", "render"
  std::int64_t done = 0;
  std::int64_t total = 0;
  double rate = 0;          // items a second, smoothed
  double seconds_left = 0;  // at that rate
  std::string_view note;    // "loss 1.234"
};

using ProgressSink = std::function<void(const ProgressState&)>;

// Where progress goes; nothing by default (the program prints it to stderr). Thread-safe.
void set_progress_sink(ProgressSink sink);

// Counts a job's items and reports at most twice a second, and at the end. Not thread-safe.
class Progress {
 public:
  Progress(std::string what, std::int64_t total, std::int64_t already_done = 0);
  void set_total(std::int64_t total) { total_ = total; }  // where it becomes known on the way
  void advance(std::int64_t items = 1, std::string_view note = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  std::int64_t total_;
  std::int64_t done_;
  std::int64_t reported_;
  double rate_ = 0;
  Clock::time_point last_;
};

}  // namespace omma
