// One message to a language model that chats.
#pragma once

#include <string>

namespace omma {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
  bool operator==(const ChatMessage&) const = default;
};

}  // namespace omma
