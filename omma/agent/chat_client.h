// A language model behind an OpenAI-compatible chat URL (POST BASE/chat/completions, streamed as server-sent events).
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "omma/agent/chat_dialect.h"
#include "omma/agent/retry_policy.h"
#include "omma/tasks/chat_message.h"
#include "omma/tasks/language_model.h"

namespace omma {

struct ChatClientOptions {
  std::string url;      // the base, to which /chat/completions is appended; one without a path gets /v1; http or https
  std::string model;    // the server's name of the model
  std::string api_key;  // sent as a bearer token where not empty, and to no other host
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds silence_timeout{60'000};  // without a byte of the answer, the first or the next
  std::size_t max_response_bytes = 8 << 20;
  RetryOptions retry = {};  // of what may pass, once text has arrived only with after_text; each wait is logged
};

// Not thread-safe. Needs the network: in OMMA_MINIMAL builds the constructor throws.
class ChatClient : public LanguageModel {
 public:
  // Throws std::invalid_argument for a URL that is not http(s), an empty model name, or a key that no header can hold.
  explicit ChatClient(ChatClientOptions options);

  // The prompt goes out as one user message. What the model thinks ("<think>...</think>", fields for reasoning) is no part of the
  // text; a call of a tool is, as "Action: NAME\nAction Input: {...}". Stop strings are cut here too, whatever the server does.
  // Parameters that the server refuses by name are left out from then on; a redirect is followed on the same server only.
  // The deadline bounds all of it: where something was heard by then, that is the text (End::cancelled).
  // Throws std::runtime_error that tells the status and the server's message, never the key: for a status other than 200 after the
  // retries, silence, a deadline before anything was heard, an answer that is cut, malformed or too large, or no chat server at
  // all.
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr) override;

  // The same for a conversation, its messages as they are.
  GeneratedText generate(std::span<const ChatMessage> messages, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr);

  // The base as messages may show it: without user, password and query.
  const std::string& shown_url() const { return shown_url_; }

 private:
  ChatClientOptions options_;
  std::string url_;  // of completions
  std::string shown_url_;
  ChatDialect dialect_;
};

// OPENAI_API_KEY, or "".
std::string api_key_from_environment();

}  // namespace omma
