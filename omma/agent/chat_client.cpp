#include "omma/agent/chat_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <thread>

#include "omma/agent/chat_stream.h"
#include "omma/agent/observation.h"
#include "omma/base/error.h"
#include "omma/base/json.h"
#include "omma/text/stop_strings.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t max_error_bytes = 16 << 10;  // of an error's body that is read
constexpr milliseconds max_retry_after{30'000};

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One request and what arrived so far.
struct Exchange {
  ChatStream chat;
  StopStrings stops;
  const TextCallback& stream;
  GeneratedText result;
  CURL* handle = nullptr;
  std::string error_body;
  std::exception_ptr failure;  // of a callback: exceptions must not cross libcurl
  bool cancelled = false;

  long status() const {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
  bool is_event_stream() const {
    const char* type = nullptr;
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    return type != nullptr && std::string_view(type).starts_with("text/event-stream");
  }
  void tell(const std::string& piece) {
    result.text += piece;
    if (!piece.empty() && stream && !stream(piece)) cancelled = true;
  }
  // Whether more is wanted.
  bool receive(std::string_view bytes) {
    if (status() != 200) {
      error_body.append(bytes.substr(0, max_error_bytes - std::min(max_error_bytes, error_body.size())));
      return error_body.size() < max_error_bytes;
    }
    tell(stops.push(chat.push(bytes, is_event_stream())));
    return !stops.met() && !cancelled;
  }
};

std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    return exchange.receive({bytes, size * count}) ? size * count : 0;  // 0 ends the transfer
  } catch (...) {
    exchange.failure = std::current_exception();
    return 0;
  }
}

json request_of(const ChatClientOptions& client, std::string_view prompt, const GenerationOptions& options) {
  json request = {{"model", client.model},
                  {"messages", {{{"role", "user"}, {"content", to_valid_utf8(prompt)}}}},
                  {"stream", true},
                  {"temperature", options.temperature.value_or(options.sample.value_or(false) ? 1.0 : 0.0)}};
  if (options.max_tokens) request["max_tokens"] = *options.max_tokens;
  if (options.top_p) request["top_p"] = *options.top_p;
  if (options.seed) request["seed"] = *options.seed;
  // Servers take at most four; all are cut here again.
  if (!options.stop.empty())
    request["stop"] = std::vector(options.stop.begin(), options.stop.begin() + std::min<long>(4, std::ssize(options.stop)));
  return request;
}

std::unique_ptr<curl_slist, CurlFree> headers_of(const ChatClientOptions& options) {
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
  list = curl_slist_append(list, "Accept: text/event-stream");
  if (!options.api_key.empty()) list = curl_slist_append(list, ("Authorization: Bearer " + options.api_key).c_str());
  return std::unique_ptr<curl_slist, CurlFree>(list);
}

void configure(CURL* handle, const ChatClientOptions& options, const std::string& url, const std::string& body, curl_slist* headers,
               Exchange& exchange) {
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);  // a redirect could carry the key elsewhere
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options.stall_timeout.count() / 1000)));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
}

std::string error_message(const Exchange& exchange) {
  std::string message = exchange.error_body;
  try {
    const json body = parse_json(exchange.error_body, "error");
    message = body.at("error").at("message").get<std::string>();
  } catch (const std::exception&) {  // not the usual object: the body as it is
  }
  return sanitise_line(message, 500);
}

// After a failure that may pass: how long to wait; nullopt where it will not pass.
std::optional<milliseconds> wait_before_retry(const Exchange& exchange, CURLcode code, milliseconds backoff) {
  if (code == CURLE_COULDNT_CONNECT) return backoff;
  const long status = exchange.status();
  if (status != 429 && (status < 500 || status > 599)) return std::nullopt;
  curl_off_t seconds = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_RETRY_AFTER, &seconds);
  return std::max(backoff, std::min(max_retry_after, milliseconds(1000 * std::clamp<curl_off_t>(seconds, 0, 3600))));
}

void raise_failure(const Exchange& exchange, CURLcode code) {
  if (exchange.failure) std::rethrow_exception(exchange.failure);
  if (const long status = exchange.status(); status != 200 && status != 0)
    fail_runtime("chat server: status {}: {}", status, error_message(exchange));
  if (code != CURLE_OK) fail_runtime("chat server: {}", curl_easy_strerror(code));
}

GeneratedText result_of(Exchange& exchange) {
  GeneratedText& result = exchange.result;
  if (!exchange.stops.met() && !exchange.cancelled) {
    exchange.tell(exchange.stops.push(exchange.chat.finish(exchange.is_event_stream())));
    if (!exchange.stops.met() && !exchange.cancelled) exchange.tell(exchange.stops.finish());
  }
  result.prompt_tokens = exchange.chat.prompt_tokens();
  result.tokens = exchange.chat.tokens().value_or(exchange.chat.pieces());
  result.end = exchange.chat.finish_reason() == "length" ? GeneratedText::End::length : GeneratedText::End::eos;
  if (exchange.stops.met()) result.end = GeneratedText::End::stop;
  if (exchange.cancelled) result.end = GeneratedText::End::cancelled;
  return std::move(result);
}

}  // namespace

ChatClient::ChatClient(ChatClientOptions options) : options_(std::move(options)) {
  while (options_.url.ends_with('/')) options_.url.pop_back();
  const bool http = options_.url.starts_with("http://") || options_.url.starts_with("https://");
  check(http && options_.url.ends_with("/v1"), "--llm: expected an http(s) URL that ends in /v1, got \"{}\"", options_.url);
  check(!options_.model.empty(), "--llm-model: expected the server's name of a model");
  const bool safe_key =
      std::none_of(options_.api_key.begin(), options_.api_key.end(), [](unsigned char c) { return c < 0x21 || c > 0x7E; });
  check(safe_key, "OPENAI_API_KEY: expected printable ASCII without blanks");
}

GeneratedText ChatClient::generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) fail_runtime("libcurl: {}", curl_easy_strerror(initialised));
  const std::string body = dump_json(request_of(options_, prompt, options));
  const std::string url = options_.url + "/chat/completions";
  const auto headers = headers_of(options_);
  milliseconds backoff = options_.first_backoff;
  for (int attempt = 0;; ++attempt, backoff *= 2) {
    const std::unique_ptr<CURL, CurlFree> handle(curl_easy_init());
    if (!handle) fail_runtime("libcurl: no handle");
    Exchange exchange{.chat = ChatStream(options_.max_response_bytes),
                      .stops = StopStrings(options.stop),
                      .stream = stream,
                      .result = {},
                      .handle = handle.get(),
                      .error_body = "",
                      .failure = nullptr};
    configure(handle.get(), options_, url, body, headers.get(), exchange);
    const CURLcode code = curl_easy_perform(handle.get());
    const bool ended_here = exchange.stops.met() || exchange.cancelled;
    if (ended_here || (code == CURLE_OK && exchange.status() == 200)) return result_of(exchange);
    const auto wait = attempt < options_.retries && !exchange.failure ? wait_before_retry(exchange, code, backoff) : std::nullopt;
    if (!wait) raise_failure(exchange, code);
    std::this_thread::sleep_for(*wait);
  }
}

std::string api_key_from_environment() {
  const char* key = std::getenv("OPENAI_API_KEY");
  return key != nullptr ? key : "";
}

}  // namespace omma
