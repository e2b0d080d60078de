// Which parameters a chat server takes: all until it refuses one.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "omma/agent/chat_error.h"
#include "omma/base/json.h"
#include "omma/tasks/chat_message.h"
#include "omma/tasks/generation_options.h"

namespace omma {

// Not thread-safe.
class ChatDialect {
 public:
  // The body of a request.
  json request(const std::string& model, std::span<const ChatMessage> messages, const GenerationOptions& options) const;

  // Learns from the refusal of `request` which parameter to leave out from now on (max_tokens becomes max_completion_tokens first).
  // Its name, "" where the error names none that was sent.
  std::string learn(const ChatError& error, const json& request);

  void leave_out(const std::string& parameter) { refused_.insert(parameter); }

 private:
  bool takes(const char* parameter) const { return !refused_.contains(parameter); }

  std::set<std::string> refused_;
};

}  // namespace omma
