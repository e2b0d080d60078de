// Wall time in laps.
#pragma once

#include <chrono>

namespace omma {

// Starts when it is made. Each lap is told as milliseconds a share: of `shares` pictures that were worked on together.
class Stopwatch {
 public:
  explicit Stopwatch(double shares = 1) : shares_(shares), last_(Clock::now()) {}

  double lap() {
    const auto now = Clock::now();
    const double milliseconds = std::chrono::duration<double, std::milli>(now - last_).count();
    last_ = now;
    return milliseconds / shares_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  double shares_;
  Clock::time_point last_;
};

}  // namespace omma
