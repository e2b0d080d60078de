#include "omma/base/progress.h"

#include <mutex>
#include <utility>

namespace omma {
namespace {

struct Sink {
  std::mutex mutex;
  ProgressSink function;
};

Sink& the_sink() {
  static Sink sink;
  return sink;
}

}  // namespace

void set_progress_sink(ProgressSink sink) {
  std::lock_guard lock(the_sink().mutex);
  the_sink().function = std::move(sink);
}

Progress::Progress(std::string what, std::int64_t total, std::int64_t already_done)
    : what_(std::move(what)), total_(total), done_(already_done), reported_(already_done), last_(Clock::now()) {}

void Progress::advance(std::int64_t items, std::string_view note) {
  done_ += items;
  const double seconds = std::chrono::duration<double>(Clock::now() - last_).count();
  if (seconds < 0.5 && done_ < total_) return;
  const double now = static_cast<double>(done_ - reported_) / (seconds > 0 ? seconds : 1e-9);
  rate_ = rate_ == 0 ? now : 0.8 * rate_ + 0.2 * now;
  last_ = Clock::now();
  reported_ = done_;
  std::lock_guard lock(the_sink().mutex);
  if (the_sink().function)
    the_sink().function({what_, done_, total_, rate_, rate_ > 0 ? static_cast<double>(total_ - done_) / rate_ : 0, note});
}

}  // namespace omma
