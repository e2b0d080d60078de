#include "omma/train/stop_request.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace omma {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr std::int64_t kSameRequest = 2'000'000'000;  // ns

// Lock-free, so that a signal handler may use them.
std::atomic<int> first_signal = 0;
std::atomic<std::int64_t> first_time = 0;
std::array<struct sigaction, kSignals.size()> former;

std::int64_t monotonic_time() {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void handle(int signal) {
  const int error = errno;
  int none = 0;
  if (first_signal.load() == 0) first_time = monotonic_time();
  if (!first_signal.compare_exchange_strong(none, signal) && monotonic_time() - first_time > kSameRequest) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);  // delivered when this handler returns
  }
  errno = error;
}

}  // namespace

StopRequest::StopRequest() {
  first_signal = 0;
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &former[i]);
    if (former[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

StopRequest::~StopRequest() {
  if (first_signal != 0) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former[i], nullptr);
}

int StopRequest::signal() const { return first_signal; }

}  // namespace omma
