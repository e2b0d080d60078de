// The answer of an OpenAI-compatible chat server, read as it arrives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "omma/agent/chat_error.h"
#include "omma/agent/sse_reader.h"
#include "omma/agent/tool_call_reader.h"
#include "omma/base/json.h"

namespace omma {

// Takes the body of a chat completion: streamed as server-sent events or as lines of JSON, or whole. Its first bytes tell which,
// since servers put any content type above it. Texts in parts are joined; reasoning that stands in fields of its own is left out; a
// call of a tool becomes the text of a step. Throws std::runtime_error for a body over the limit. Not thread-safe.
class ChatStream {
 public:
  explicit ChatStream(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // The text that `bytes` complete. Once there is an error(), "".
  std::string push(std::string_view bytes);

  // At the body's end, the rest of the text. Sets error() where the body is no completion.
  std::string finish();

  // What the server says is wrong, or what is wrong with its answer.
  const std::optional<ChatError>& error() const { return error_; }
  // Whether the completion came to its end ("[DONE]", a finish reason, or a whole JSON object): false where the body was cut.
  bool complete() const { return done_ || !finish_reason_.empty(); }
  bool empty() const { return bytes_ == 0; }
  bool heard() const { return heard_; }  // something of the model's came, be it reasoning only
  const std::string& finish_reason() const { return finish_reason_; }
  int prompt_tokens() const { return prompt_tokens_; }
  std::optional<int> tokens() const { return tokens_; }  // as the server counts them
  int pieces() const { return pieces_; }                 // about one a token

 private:
  enum class Form { unknown, events, objects, other };

  void recognise();
  std::string take_events(std::string_view bytes);
  std::string take_objects();
  std::string take_text(std::string_view object);
  std::string take(const json& completion);
  std::string take_message(const json& message);
  std::string text_of_end();

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Form form_ = Form::unknown;
  std::string body_;  // but of events
  SseReader events_;
  ToolCallReader call_;
  std::optional<ChatError> error_;
  std::string refusal_;
  std::string finish_reason_;
  std::optional<char> last_;  // of the text
  bool done_ = false;
  bool heard_ = false;
  int prompt_tokens_ = 0;
  std::optional<int> tokens_;
  int pieces_ = 0;
};

}  // namespace omma
