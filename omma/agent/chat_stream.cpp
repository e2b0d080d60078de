#include "omma/agent/chat_stream.h"

#include <stdexcept>

#include "omma/agent/observation.h"
#include "omma/base/error.h"

namespace omma {

namespace {

json parse(std::string_view text) {
  try {
    return parse_json(text, "chat server");
  } catch (const std::invalid_argument& error) {
    fail_runtime("{}", error.what());  // the server's fault, not the caller's
  }
}

const json& member(const json& object, const char* name) {
  static const json none;
  return object.is_object() && object.contains(name) ? object[name] : none;
}

// A count from a server that may say anything.
std::optional<int> count_of(const json& value) {
  if (!value.is_number_integer() || value.get<double>() < 0 || value.get<double>() > 1e9) return std::nullopt;
  return value.get<int>();
}

}  // namespace

std::string ChatStream::push(std::string_view bytes, bool event_stream) {
  bytes_ += bytes.size();
  if (bytes_ > max_bytes_) fail_runtime("chat server: the response is larger than {} bytes", max_bytes_);
  if (!event_stream) {
    body_ += bytes;
    return "";
  }
  std::string text;
  for (const std::string& event : events_.push(bytes)) {
    if (done_) break;
    if (event == "[DONE]")
      done_ = true;
    else
      text += take(parse(event), "delta");
  }
  return text;
}

std::string ChatStream::finish(bool event_stream) {
  std::string text;
  if (!event_stream)
    text = take(parse(body_), "message");
  else
    text = push("\n\n", true);  // an event whose last line feed the server left out
  if (!done_ && finish_reason_.empty()) fail_runtime("chat server: the response was cut before its end");
  return text;
}

std::string ChatStream::take(const json& completion, const char* content_field) {
  if (!completion.is_object()) fail_runtime("chat server: expected a JSON object, got {}", completion.type_name());
  if (const json& error = member(completion, "error"); !error.is_null()) {
    const json& message = member(error, "message");
    fail_runtime("chat server: {}", sanitise_line(message.is_string() ? message.get<std::string>() : dump_json(error), 500));
  }
  if (const json& usage = member(completion, "usage"); usage.is_object()) {
    prompt_tokens_ = count_of(member(usage, "prompt_tokens")).value_or(0);
    tokens_ = count_of(member(usage, "completion_tokens"));
  }
  const json& choices = member(completion, "choices");
  if (!choices.is_array() || choices.empty()) return "";  // a usage or keep-alive event
  if (const json& reason = member(choices[0], "finish_reason"); reason.is_string()) finish_reason_ = reason.get<std::string>();
  const json& content = member(member(choices[0], content_field), "content");
  if (!content.is_string()) return "";
  ++pieces_;
  return content.get<std::string>();
}

}  // namespace omma
