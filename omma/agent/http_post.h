// One HTTP POST whose answer is read as it arrives.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

struct HttpRequest {
  std::string url;  // http or https
  std::vector<std::string> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds silence_timeout{60'000};              // longest wait for a byte of the body, the first or the next
  std::optional<std::chrono::steady_clock::time_point> deadline;  // of everything
};

// What came of it.
struct HttpReply {
  enum class End {
    whole,          // the body came to its end
    ended,          // the reader had enough
    no_connection,  // none could be made
    dropped,        // the connection was lost before the answer's end
    silent,         // no byte within the silence time
    late,           // the deadline came first
    failed,         // anything else: no such host, no HTTP, a bad certificate
  };
  End end = End::whole;
  std::string fault = {};  // in words, "" for `whole` and `ended`
  long status = 0;         // 0 where none came
  std::chrono::seconds retry_after{0};
  std::string location = {};  // of a redirect, absolute; it is not followed
};

// Takes bytes of the body; false ends the transfer.
using BodyReader = std::function<bool(long status, std::string_view bytes)>;

// Rethrows what the reader throws. Throws std::runtime_error where libcurl cannot be used at all. Thread-safe.
HttpReply http_post(const HttpRequest& request, const BodyReader& reader);

}  // namespace omma
