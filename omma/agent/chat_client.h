// A language model behind an OpenAI-compatible chat URL (POST BASE/chat/completions, streamed as server-sent events).
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "omma/tasks/language_model.h"

namespace omma {

struct ChatClientOptions {
  std::string url;      // the base, ending in /v1; http or https
  std::string model;    // the server's name of the model
  std::string api_key;  // sent as a bearer token where not empty
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{300'000};  // of one request
  std::chrono::milliseconds stall_timeout{60'000};   // without a byte
  std::size_t max_response_bytes = 8 << 20;
  int retries = 3;                               // after 429, 5xx, or no connection; never once text has arrived
  std::chrono::milliseconds first_backoff{500};  // doubled each time; a Retry-After header of up to 30 s is honoured
};

// Not thread-safe. Needs the network: in OMMA_MINIMAL builds the constructor throws.
class ChatClient : public LanguageModel {
 public:
  // Throws std::invalid_argument for a URL that is not http(s)://HOST.../v1 or an empty model name.
  explicit ChatClient(ChatClientOptions options);

  // The prompt goes out as one user message. Stop strings are cut here too, whatever the server does. Throws std::runtime_error
  // that tells the HTTP status and the server's message, never the key: for a status other than 200 after the retries, a time-out,
  // a stream that is cut, malformed or too large.
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options = {},
                         const TextCallback& stream = nullptr) override;

 private:
  ChatClientOptions options_;
};

// OPENAI_API_KEY, or "".
std::string api_key_from_environment();

}  // namespace omma
