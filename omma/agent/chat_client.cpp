#include "omma/agent/chat_client.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <thread>

#include "omma/agent/chat_stream.h"
#include "omma/agent/chat_url.h"
#include "omma/agent/http_post.h"
#include "omma/agent/thinking.h"
#include "omma/base/error.h"
#include "omma/base/json.h"
#include "omma/base/log.h"
#include "omma/text/told_text.h"

namespace omma {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t max_error_bytes = 16 << 10;  // of an error's body that is read
constexpr int max_redirects = 5;

// What arrives of one request.
class Arrival {
 public:
  Arrival(std::size_t max_bytes, const std::vector<std::string>& stops, const TextCallback& callback)
      : chat(max_bytes), told_(stops, callback) {}

  // Whether more is wanted.
  bool receive(long status, std::string_view bytes) {
    if (status != 200) {
      error_body_.append(bytes.substr(0, max_error_bytes - error_body_.size()));
      return error_body_.size() < max_error_bytes;
    }
    say(chat.push(bytes));
    return wants_more() && !chat.error();
  }

  // At the body's end.
  void finish() {
    if (!wants_more()) return;
    say(chat.finish());
    told_.push(thinking_.finish());
    told_.finish();
  }

  GeneratedText result(GeneratedText::End end) const {
    if (told_.cancelled()) end = GeneratedText::End::cancelled;
    if (told_.stopped()) end = GeneratedText::End::stop;
    return {.text = without_thinking(text()),
            .prompt_tokens = chat.prompt_tokens(),
            .tokens = chat.tokens().value_or(chat.pieces()),
            .end = end};
  }

  bool wants_more() const { return told_.wants_more(); }
  bool thought() const { return thinking_.thought() || (chat.heard() && text().empty()); }
  const std::string& text() const { return told_.text(); }
  const std::string& error_body() const { return error_body_; }

  ChatStream chat;

 private:
  void say(const std::string& piece) {
    if (!piece.empty() && wants_more()) told_.push(thinking_.push(piece));
  }

  ThinkingFilter thinking_;
  ToldText told_;
  std::string error_body_;
};

bool is_redirect(long status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

// What is wrong with an answer; nullopt where it is one.
std::optional<ChatError> error_of(const HttpReply& reply, const Arrival& arrival) {
  if (reply.end != HttpReply::End::whole && reply.end != HttpReply::End::ended) return ChatError{.message = reply.fault};
  if (is_redirect(reply.status))
    return ChatError{.message = fmt::format("it redirects to {}: name that with --llm if it is right", shown_url(reply.location))};
  if (reply.status != 200) return error_of_body(arrival.error_body());
  if (arrival.chat.error()) return arrival.chat.error();
  if (arrival.wants_more() && !arrival.chat.complete()) return ChatError{.message = "the response was cut before its end"};
  return std::nullopt;
}

// Not once text has come, so that nothing is said twice, but where nobody has heard it.
bool may_be_repeated(const HttpReply& reply, const Arrival& arrival, const ChatError& error, bool after_text) {
  const bool cut = reply.end == HttpReply::End::whole && reply.status == 200 && (!arrival.chat.error() || arrival.chat.empty());
  return (after_text || arrival.text().empty()) && (cut || may_pass(reply, error));
}

// A bad request, or an error in the place of an answer.
bool may_be_refusal(const HttpReply& reply) { return reply.status == 400 || reply.status == 422 || reply.status == 200; }

// A stop string that the server met in the model's reasoning ended the text before it began.
bool ended_in_thought(const Arrival& arrival, const json& request) {
  return request.contains("stop") && arrival.thought() && arrival.text().empty() && arrival.chat.finish_reason() == "stop";
}

std::string described(const HttpReply& reply, const ChatError& error, const std::string& url) {
  const bool answered = reply.status != 0 && (reply.end == HttpReply::End::whole || reply.end == HttpReply::End::ended);
  std::string text = "chat server: ";
  if (answered && reply.status != 200) text += fmt::format("status {}: ", reply.status);
  if (answered && reply.status == 200 && error.foreign) text += "expected a completion, got ";
  text += error.message;
  if (answered && error.foreign && !may_pass(reply, error)) text += fmt::format(": is {} a chat server?", shown_url(url));
  if (reply.end == HttpReply::End::silent) text += " (--llm-timeout)";
  return text;
}

std::string without(std::string text, const std::string& secret) {
  for (std::size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != std::string::npos;)
    text.replace(at, secret.size(), "***");
  return text;
}

// Waits before the next attempt, or throws `message` where there is none.
void wait_or_fail(RetryPolicy& retries, milliseconds asked, const std::string& message) {
  std::string reason;
  const auto wait = retries.next_wait(asked, reason);
  if (!wait) fail_runtime("{} ({})", message, reason);
  log_warning("{}; retrying in {:g} s", message, static_cast<double>(wait->count()) / 1000);
  std::this_thread::sleep_for(*wait);
}

std::vector<std::string> headers_of(const ChatClientOptions& options) {
  std::vector<std::string> headers = {"Content-Type: application/json", "Accept: text/event-stream, application/json"};
  if (!options.api_key.empty()) headers.push_back("Authorization: Bearer " + options.api_key);
  return headers;
}

GeneratedText::End end_of(const ChatStream& chat, bool late) {
  if (late) return GeneratedText::End::cancelled;
  return chat.finish_reason() == "length" ? GeneratedText::End::length : GeneratedText::End::eos;
}

}  // namespace

ChatClient::ChatClient(ChatClientOptions options)
    : options_(std::move(options)), url_(completions_url(options_.url)), shown_url_(omma::shown_url(options_.url)) {
  check(!options_.model.empty(), "--llm-model: expected the server's name of a model");
  const bool safe_key =
      std::none_of(options_.api_key.begin(), options_.api_key.end(), [](unsigned char c) { return c < 0x21 || c > 0x7E; });
  check(safe_key, "OPENAI_API_KEY: expected printable ASCII without blanks");
}

GeneratedText ChatClient::generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) {
  const ChatMessage message{.role = "user", .content = std::string(prompt)};
  return generate(std::span(&message, 1), options, stream);
}

GeneratedText ChatClient::generate(std::span<const ChatMessage> messages, const GenerationOptions& options,
                                   const TextCallback& stream) {
  RetryPolicy retries(options_.retry, options.deadline);
  HttpRequest http{.url = url_,
                   .headers = headers_of(options_),
                   .body = "",
                   .connect_timeout = options_.connect_timeout,
                   .silence_timeout = options_.silence_timeout,
                   .deadline = options.deadline};
  for (int redirects = 0;;) {
    const json request = dialect_.request(options_.model, messages, options);
    http.body = dump_json(request);
    Arrival arrival(options_.max_response_bytes, options.stop, stream);
    const HttpReply reply = http_post(http, [&](long status, std::string_view bytes) { return arrival.receive(status, bytes); });
    if (reply.end == HttpReply::End::whole && reply.status == 200) arrival.finish();

    const bool late = reply.end == HttpReply::End::late && arrival.chat.heard();
    const std::optional<ChatError> error = error_of(reply, arrival);
    if (late || !error) {
      const bool again = !late && ended_in_thought(arrival, request);
      if (arrival.thought()) dialect_.leave_out("stop");  // a server may meet one in what the model only thinks
      if (!again) return arrival.result(end_of(arrival.chat, late));
    } else if (is_redirect(reply.status) && ++redirects <= max_redirects && is_same_server(http.url, reply.location)) {
      http.url = reply.location;
    } else if (const std::string refused = may_be_refusal(reply) ? dialect_.learn(*error, request) : ""; !refused.empty()) {
      log_info("chat server: it refuses {}: asked again without", refused);
    } else {
      const std::string message = without(described(reply, *error, http.url), options_.api_key);
      if (!may_be_repeated(reply, arrival, *error, options_.retry.after_text && !stream)) fail_runtime("{}", message);
      wait_or_fail(retries, reply.retry_after, message);
    }
  }
}

std::string api_key_from_environment() {
  const char* key = std::getenv("OPENAI_API_KEY");
  return key != nullptr ? key : "";
}

}  // namespace omma
