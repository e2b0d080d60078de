// The minimal build has no network, and so no chat servers.
#include "omma/agent/chat_client.h"
#include "omma/base/error.h"

namespace omma {

ChatClient::ChatClient(ChatClientOptions options) : options_(std::move(options)) {
  fail("--llm: this build calls no server (OMMA_MINIMAL)");
}

GeneratedText ChatClient::generate(std::string_view, const GenerationOptions&, const TextCallback&) { return {}; }
GeneratedText ChatClient::generate(std::span<const ChatMessage>, const GenerationOptions&, const TextCallback&) { return {}; }

std::string api_key_from_environment() { return ""; }

}  // namespace omma
