#include "omma/base/log.h"

#include <cstdio>
#include <mutex>

namespace omma {
namespace {

void to_stderr(LogLevel level, std::string_view message) {
  const std::string line = fmt::format("{}{}\n", level == LogLevel::warning ? "warning: " : "", message);
  std::fwrite(line.data(), 1, line.size(), stderr);  // a full stderr ends no work
}

struct Log {
  std::mutex mutex;
  LogSink sink = to_stderr;
};

Log& the_log() {
  static Log log;
  return log;
}

}  // namespace

void set_log_sink(LogSink sink) {
  std::lock_guard lock(the_log().mutex);
  the_log().sink = std::move(sink);
}

void log_message(LogLevel level, std::string_view message) {
  std::lock_guard lock(the_log().mutex);
  if (the_log().sink) the_log().sink(level, message);
}

}  // namespace omma
