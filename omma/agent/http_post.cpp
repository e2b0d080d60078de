#include "omma/agent/http_post.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>

#include "omma/base/error.h"

namespace omma {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

constexpr std::string_view late_fault = "the time was over before an answer came";

// A transfer under way, as libcurl's callbacks see it.
struct Transfer {
  const HttpRequest& request;
  const BodyReader& reader;
  CURL* handle = nullptr;
  Clock::time_point last_byte = Clock::now();
  std::exception_ptr failure;  // of the reader: exceptions must not cross libcurl
  bool ended = false;
  bool silent = false;

  long status() const {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
};

std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.last_byte = Clock::now();
  try {
    transfer.ended = !transfer.reader(transfer.status(), {bytes, size * count});
  } catch (...) {
    transfer.failure = std::current_exception();
  }
  return transfer.ended || transfer.failure ? CURL_WRITEFUNC_ERROR : size * count;
}

// Called about once a second even where nothing happens.
int on_time(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.silent = Clock::now() - transfer.last_byte > transfer.request.silence_timeout;
  return transfer.silent ? 1 : 0;
}

long milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
  return static_cast<long>(std::max<milliseconds::rep>(1, left));  // 0 would be no limit
}

void configure(Transfer& transfer, const curl_slist* headers) {
  const HttpRequest& request = transfer.request;
  CURL* handle = transfer.handle;
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);           // a redirect could carry a key elsewhere
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "identity");  // a body that is packed all the same is unpacked
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<milliseconds::rep>(1, request.connect_timeout.count())));
  if (request.deadline) curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds_until(*request.deadline));
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer holds nothing up
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_time);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

std::string seconds_of(milliseconds time) { return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000); }

bool is_late(const HttpRequest& request) {
  constexpr milliseconds timer_slack{20};
  return request.deadline && Clock::now() + timer_slack >= *request.deadline;
}

HttpReply::End end_of(CURLcode code, const Transfer& transfer) {
  if (transfer.ended) return HttpReply::End::ended;
  if (transfer.silent) return HttpReply::End::silent;
  switch (code) {
    case CURLE_OK:
      return HttpReply::End::whole;
    case CURLE_COULDNT_CONNECT:
      return HttpReply::End::no_connection;
    case CURLE_OPERATION_TIMEDOUT:
      return is_late(transfer.request) ? HttpReply::End::late : HttpReply::End::no_connection;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return HttpReply::End::dropped;
    default:
      return HttpReply::End::failed;
  }
}

std::string fault_of(HttpReply::End end, CURLcode code, const Transfer& transfer, const char* details) {
  switch (end) {
    case HttpReply::End::whole:
    case HttpReply::End::ended:
      return "";
    case HttpReply::End::silent:
      return fmt::format("not a byte came for {}", seconds_of(transfer.request.silence_timeout));
    case HttpReply::End::late:
      return std::string(late_fault);
    default:
      if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) return "what answers there does not speak HTTP";
      return *details != '\0' ? details : curl_easy_strerror(code);
  }
}

}  // namespace

HttpReply http_post(const HttpRequest& request, const BodyReader& reader) {
  if (request.deadline && Clock::now() >= *request.deadline) return {.end = HttpReply::End::late, .fault = std::string(late_fault)};
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) fail_runtime("libcurl: {}", curl_easy_strerror(initialised));
  const std::unique_ptr<CURL, CurlFree> handle(curl_easy_init());
  if (!handle) fail_runtime("libcurl: no handle");
  std::unique_ptr<curl_slist, CurlFree> headers;
  for (const std::string& header : request.headers) headers.reset(curl_slist_append(headers.release(), header.c_str()));

  Transfer transfer{.request = request, .reader = reader, .handle = handle.get(), .failure = nullptr};
  configure(transfer, headers.get());
  std::array<char, CURL_ERROR_SIZE> details{};
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, details.data());
  const CURLcode code = curl_easy_perform(handle.get());
  if (transfer.failure) std::rethrow_exception(transfer.failure);

  HttpReply reply;
  reply.end = end_of(code, transfer);
  reply.fault = fault_of(reply.end, code, transfer, details.data());
  reply.status = transfer.status();
  curl_off_t seconds = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RETRY_AFTER, &seconds);
  reply.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, 1 << 20));
  const char* location = nullptr;
  curl_easy_getinfo(handle.get(), CURLINFO_REDIRECT_URL, &location);
  if (location != nullptr) reply.location = location;
  return reply;
}

}  // namespace omma
