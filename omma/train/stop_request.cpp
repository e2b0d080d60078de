#include "omma/train/stop_request.h"

#include <array>
#include <atomic>
#include <csignal>

namespace omma {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};
std::atomic<bool> stop_requested = false;  // lock-free, so that a signal handler may set it
std::array<struct sigaction, kSignals.size()> former;

}  // namespace

StopRequest::StopRequest() {
  stop_requested = false;
  struct sigaction action{};
  action.sa_handler = [](int) { stop_requested = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &former[i]);
}

StopRequest::~StopRequest() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former[i], nullptr);
}

bool StopRequest::requested() const { return stop_requested; }

}  // namespace omma
