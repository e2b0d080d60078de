#include "omma/agent/chat_dialect.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "omma/text/utf8.h"

namespace omma {

namespace {

// What a request can do without. Models that reason refuse some of these, servers with a fixed API what they do not know.
constexpr std::array optional_parameters = {"max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop",
                                            "stream"};

// Whether `text` holds `word`, and not as a part of another: "stop", but not "stopped".
bool names(std::string_view text, std::string_view word) {
  const auto in_word = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    if (!(at > 0 && in_word(at - 1)) && !in_word(at + word.size())) return true;
  return false;
}

// A limit of tokens that leaves the prompt no room is refused without its name: "This model's maximum context length is 4096
// tokens".
bool is_about_length(const ChatError& error) { return error.message.find("maximum context length") != std::string::npos; }

}  // namespace

json ChatDialect::request(const std::string& model, std::span<const ChatMessage> messages, const GenerationOptions& options) const {
  json request = {{"model", model}, {"messages", json::array()}};
  for (const ChatMessage& message : messages)
    request["messages"].push_back({{"role", message.role}, {"content", to_valid_utf8(message.content)}});
  if (takes("stream")) request["stream"] = true;
  if (takes("temperature")) request["temperature"] = options.temperature.value_or(options.sample.value_or(false) ? 1.0 : 0.0);
  if (const char* limit = takes("max_tokens") ? "max_tokens" : "max_completion_tokens"; options.max_tokens && takes(limit))
    request[limit] = *options.max_tokens;
  if (options.top_p && takes("top_p")) request["top_p"] = *options.top_p;
  if (options.seed && takes("seed")) request["seed"] = *options.seed;
  // Servers take at most four; all are cut here again. A stop of blanks alone could end a text before it begins.
  json stop = json::array();
  for (const std::string& text : options.stop)
    if (stop.size() < 4 && text.find_first_not_of(" \t\r\n") != std::string::npos) stop.push_back(text);
  if (!stop.empty() && takes("stop")) request["stop"] = stop;
  return request;
}

std::string ChatDialect::learn(const ChatError& error, const json& request) {
  for (const std::string parameter : optional_parameters) {
    if (!request.contains(parameter)) continue;
    const bool is_limit = parameter == "max_tokens" || parameter == "max_completion_tokens";
    const bool named = error.parameter.empty() ? names(error.message, parameter) : error.parameter == parameter;
    if (!named && !(is_limit && is_about_length(error))) continue;
    leave_out(parameter);
    return parameter;
  }
  return "";
}

}  // namespace omma
