#include "omma/agent/retry_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace omma {

namespace {

using std::chrono::milliseconds;

double seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

bool may_pass(long status) { return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599); }

// Gateways answer with status 200 and put their own into the error: {"error": {"code": 502, ...}}.
long status_in(const std::string& code) {
  const bool is_status = code.size() == 3 && code.find_first_not_of("0123456789") == std::string::npos;
  return is_status ? std::stol(code) : 0;
}

}  // namespace

bool may_pass(const HttpReply& reply, const ChatError& error) {
  if (error.code == "insufficient_quota") return false;
  switch (reply.end) {
    case HttpReply::End::no_connection:
    case HttpReply::End::dropped:
      return true;
    case HttpReply::End::whole:
    case HttpReply::End::ended:
      return may_pass(reply.status) || (reply.status == 200 && may_pass(status_in(error.code)));
    default:
      return false;
  }
}

std::optional<milliseconds> RetryPolicy::next_wait(milliseconds asked, std::string& reason) {
  if (attempts_ > options_.retries) {
    reason = fmt::format("tried {} times", attempts_);
    return std::nullopt;
  }
  const milliseconds backoff = options_.first_backoff * (1 << std::min(attempts_ - 1, 20));
  const milliseconds wait = std::max(backoff, asked);
  if (wait > options_.longest_wait) {
    reason = fmt::format("it asks to wait {:g} s", seconds(wait));
    return std::nullopt;
  }
  if (deadline_ && Clock::now() + wait >= *deadline_) {
    reason = "the time is over before it can be tried again";
    return std::nullopt;
  }
  ++attempts_;
  return wait;
}

}  // namespace omma
