#include "omma/agent/chat_error.h"

#include <stdexcept>

#include "omma/agent/ascii.h"
#include "omma/agent/observation.h"

namespace omma {

namespace {

constexpr std::size_t max_message_bytes = 500;

const json& member(const json& object, const char* name) {
  static const json none;
  return object.is_object() && object.contains(name) ? object[name] : none;
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : dump_json(value);
}

// FastAPI: "Not Found", or what is wrong with the request: [{"loc": ["body", "stop"], "msg": "Extra inputs are not permitted"}].
ChatError error_of_detail(const json& detail) {
  if (!detail.is_array() || detail.empty()) return {.message = text_of(detail), .foreign = true};
  const json& first = detail[0];
  const json& place = member(first, "loc");
  ChatError error{.message = text_of(member(first, "msg"))};
  if (place.is_array() && !place.empty() && place.back().is_string()) {
    error.parameter = place.back().get<std::string>();
    error.message = error.parameter + ": " + error.message;
  }
  return error;
}

ChatError error_of_object(const json& object) {
  ChatError error;
  error.message = text_of(member(object, "message"));
  if (error.message.empty()) error.message = text_of(object);
  error.code = text_of(member(object, "code"));
  if (error.code.empty()) error.code = text_of(member(object, "type"));
  if (member(object, "param").is_string()) error.parameter = object["param"].get<std::string>();
  return error;
}

// The text between a page's tags: its title where it has one.
std::string text_of_page(std::string_view page) {
  for (std::size_t at = 0; at < page.size(); ++at) {
    if (!starts_with_ignoring_case(page.substr(at), "<title>")) continue;
    const std::string_view title = page.substr(at + 7);
    return std::string(title.substr(0, title.find('<')));
  }
  std::string text;
  bool in_tag = false;
  for (const char c : page) {
    if (c == '<') in_tag = true;
    if (!in_tag) text += c;
    if (c == '>') in_tag = false;
  }
  return text;
}

}  // namespace

std::optional<ChatError> error_in(const json& object) {
  if (object.is_array() && !object.empty()) return error_in(object[0]);
  if (!object.is_object()) return std::nullopt;
  std::optional<ChatError> found;
  if (const json& error = member(object, "error"); !error.is_null()) {
    found = error_of_object(error);
  } else if (!object.contains("choices") && member(object, "message").is_string()) {
    found = error_of_object(object);
  } else if (!object.contains("choices") && object.contains("detail")) {
    found = error_of_detail(object["detail"]);
  }
  if (found) found->message = sanitise_line(found->message, max_message_bytes);
  return found;
}

ChatError error_of_body(std::string_view body) {
  body = trim(body);
  if (body.empty()) return {.message = "an empty answer", .foreign = true};
  if (body.front() == '<') {
    const std::string text = sanitise_line(text_of_page(body.substr(0, 64 << 10)), max_message_bytes);
    return {.message = text.empty() ? "a web page" : "a web page: " + text, .foreign = true};
  }
  try {
    if (auto error = error_in(parse_json(body, "error"))) return *error;
  } catch (const std::invalid_argument&) {  // not JSON: the body as it is
  }
  return {.message = sanitise_line(body, max_message_bytes), .foreign = true};
}

}  // namespace omma
