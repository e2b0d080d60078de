#include "omma/agent/chat_stream.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "omma/agent/ascii.h"
#include "omma/agent/observation.h"
#include "omma/base/error.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

const json& field(const json& object, const char* name) {
  static const json none;
  return object.is_object() && object.contains(name) ? object[name] : none;
}

// A count from a server that may say anything.
std::optional<int> count_of(const json& value) {
  if (!value.is_number_integer() || value.get<double>() < 0 || value.get<double>() > 1e9) return std::nullopt;
  return value.get<int>();
}

// Content: a text, or a list of parts, of which those of type "text" are said and others ("thinking") are not.
std::string content_text(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const json& part : content) {
    const json& said = part.is_string() ? part : field(part, "text");
    if (said.is_string()) text += said.get<std::string>();
  }
  return text;
}

bool is_reasoning(const json& message) {
  for (const char* name : {"reasoning_content", "reasoning", "thinking"})
    if (const json& value = field(message, name); value.is_string() && !value.get_ref<const std::string&>().empty()) return true;
  return false;
}

bool begins_like_events(std::string_view text) {
  constexpr std::array<std::string_view, 6> fields = {":", "data", "event", "id", "retry", "error"};
  return std::any_of(fields.begin(), fields.end(),
                     [&](std::string_view name) { return text.starts_with(name.substr(0, text.size())); });
}

// Servers that send a text token by token may cut a character in two: half of its bytes, or of its pair of escapes ("\ud83d"), is
// not JSON. U+FFFD stands for what is lost.
std::string mended(std::string_view object) {
  std::string text = to_valid_utf8(object);
  const auto surrogate = [&](std::size_t at, std::string_view kinds) {  // "\uD", then a digit of its kind
    return at + 6 <= text.size() && text[at] == '\\' && text[at + 1] == 'u' && ascii_lower(text[at + 2]) == 'd' &&
           kinds.find(ascii_lower(text[at + 3])) != std::string_view::npos;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') continue;
    if (surrogate(at, "89ab") && surrogate(at + 6, "cdef")) {
      at += 11;
      continue;
    }
    if (surrogate(at, "89abcdef")) text.replace(at, 6, "\\ufffd");
    ++at;  // what a backslash escapes is no backslash of its own
  }
  return text;
}

}  // namespace

std::string ChatStream::push(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > max_bytes_) fail_runtime("chat server: the response is larger than {} bytes", max_bytes_);
  if (error_) return "";
  if (form_ == Form::events) return take_events(bytes);
  body_ += bytes;
  if (form_ == Form::unknown) recognise();
  if (form_ != Form::events) return "";
  const std::string begun = std::move(body_);
  return take_events(begun);
}

// By the first bytes that are no blanks and no byte order mark.
void ChatStream::recognise() {
  body_.erase(0, std::min(body_.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), body_.size()));
  if (body_.empty()) return;
  constexpr std::size_t longest_field = 5;
  if (body_.front() == '{' || body_.front() == '[')
    form_ = Form::objects;
  else if (!begins_like_events(std::string_view(body_).substr(0, longest_field)))
    form_ = Form::other;
  else if (body_.size() >= longest_field || body_.front() == ':')
    form_ = Form::events;
}

std::string ChatStream::finish() {
  if (error_) return "";
  std::string text;
  if (form_ == Form::events)
    text = take_events("\n\n");  // an event whose last line feed the server left out
  else if (form_ == Form::objects)
    text = take_objects();
  else
    error_ = error_of_body(body_);
  return error_ ? text : text + text_of_end();
}

std::string ChatStream::take_events(std::string_view bytes) {
  std::string text;
  for (const std::string& event : events_.push(bytes)) {
    if (done_ || error_) break;
    if (event == "[DONE]")
      done_ = true;
    else
      text += take_text(event);
  }
  return text;
}

// One object, or one a line.
std::string ChatStream::take_objects() {
  if (json::accept(mended(body_))) {
    done_ = true;  // a whole answer needs no reason to have ended
    return take_text(body_);
  }
  std::string text;
  for (std::string_view lines = body_; !lines.empty() && !error_;) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (lines.substr(0, end).find_first_not_of(" \t\r") != std::string_view::npos) text += take_text(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

std::string ChatStream::take_text(std::string_view object) {
  try {
    return take(parse_json(mended(object), "its answer"));
  } catch (const std::invalid_argument& error) {
    error_ = ChatError{.message = sanitise_line(error.what(), 500)};
    return "";
  }
}

std::string ChatStream::take(const json& completion) {
  error_ = error_in(completion);
  if (!error_ && !completion.is_object())
    error_ = ChatError{.message = fmt::format("expected a JSON object, got {}", completion.type_name()), .foreign = true};
  if (error_) return "";
  if (const json& usage = field(completion, "usage"); usage.is_object()) {
    prompt_tokens_ = count_of(field(usage, "prompt_tokens")).value_or(0);
    tokens_ = count_of(field(usage, "completion_tokens"));
  }
  const json& choices = field(completion, "choices");
  if (!choices.is_array() || choices.empty()) return "";  // a usage or keep-alive event
  if (const json& reason = field(choices[0], "finish_reason"); reason.is_string()) finish_reason_ = reason.get<std::string>();
  const json& delta = field(choices[0], "delta");
  return take_message(delta.is_object() ? delta : field(choices[0], "message"));
}

std::string ChatStream::take_message(const json& message) {
  call_.push(message);
  if (const json& refusal = field(message, "refusal"); refusal.is_string()) refusal_ += refusal.get<std::string>();
  const json& content = field(message, "content");
  std::string text = content_text(content);
  const bool said = !text.empty() || content.is_array() || is_reasoning(message);
  heard_ = heard_ || said || call_.called();
  pieces_ += said ? 1 : 0;
  if (!text.empty()) last_ = text.back();
  return text;
}

// A call of a tool comes after the text, as the step that it is. Without either, why there is none.
std::string ChatStream::text_of_end() {
  if (call_.called()) return fmt::format("{}{}", last_.value_or('\n') == '\n' ? "" : "\n", call_.as_text());
  if (last_) return "";
  if (!refusal_.empty())
    error_ = ChatError{.message = "the model refuses: " + sanitise_line(refusal_, 500)};
  else if (finish_reason_ == "content_filter")
    error_ = ChatError{.message = "the server's content filter withholds the answer"};
  return "";
}

}  // namespace omma
