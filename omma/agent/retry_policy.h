// Whether a request that failed is made again, and when.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "omma/agent/chat_error.h"
#include "omma/agent/http_post.h"

namespace omma {

// Whether the failure may pass: no connection or a lost one, too many requests, a server that is down or still loads its model. Not
// a used-up quota, a bad request, or one that took too long.
bool may_pass(const HttpReply& reply, const ChatError& error);

struct RetryOptions {
  int retries = 3;
  std::chrono::milliseconds first_backoff{500};           // doubled each time
  std::chrono::milliseconds longest_wait{5 * 60 * 1000};  // a server that asks for more is not asked again
  bool after_text = false;                                // an answer that was cut, too, of which nobody has been told yet
};

// The waits of one request. Not thread-safe.
class RetryPolicy {
 public:
  using Clock = std::chrono::steady_clock;

  RetryPolicy(const RetryOptions& options, std::optional<Clock::time_point> deadline) : options_(options), deadline_(deadline) {}

  // How long to wait before the next attempt, where the server asks to be left alone for `asked`. nullopt where there is none: they
  // are used up, or the wait would pass the deadline; `reason` then tells which.
  std::optional<std::chrono::milliseconds> next_wait(std::chrono::milliseconds asked, std::string& reason);

 private:
  RetryOptions options_;
  std::optional<Clock::time_point> deadline_;
  int attempts_ = 1;
};

}  // namespace omma
