// The answer of an OpenAI-compatible chat server, read as it arrives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "omma/agent/sse_reader.h"
#include "omma/base/json.h"

namespace omma {

// Takes the body of a streamed (text/event-stream) or a whole (application/json) chat completion. Throws std::runtime_error for
// malformed JSON, an error object, or a body over the limit.
class ChatStream {
 public:
  explicit ChatStream(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // The text that `bytes` complete.
  std::string push(std::string_view bytes, bool event_stream);

  // At the body's end. Throws std::runtime_error where neither "[DONE]" nor a finish reason was seen: the stream was cut.
  std::string finish(bool event_stream);

  const std::string& finish_reason() const { return finish_reason_; }
  int prompt_tokens() const { return prompt_tokens_; }
  std::optional<int> tokens() const { return tokens_; }  // as the server counts them
  int pieces() const { return pieces_; }

 private:
  std::string take(const json& completion, const char* content_field);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::string body_;  // of a whole completion
  SseReader events_;
  bool done_ = false;
  std::string finish_reason_;
  int prompt_tokens_ = 0;
  std::optional<int> tokens_;
  int pieces_ = 0;
};

}  // namespace omma
