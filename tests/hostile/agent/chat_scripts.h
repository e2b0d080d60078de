// What servers send, and what a client makes of it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "omma/agent/chat_client.h"
#include "omma/base/json.h"
#include "tests/hostile/agent/scripted_server.h"

namespace omma::testing {

using std::chrono::milliseconds;

inline const std::string event_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

inline std::string delta(const std::string& text) {
  return "data: " + json({{"choices", {{{"delta", {{"content", text}}}, {"finish_reason", nullptr}}}}}).dump() + "\n\n";
}
inline std::string whole(const std::string& status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}
inline const std::string done = "data: [DONE]\n\n";

inline ChatClient client_of(const ScriptedServer& server) {
  return ChatClient({.url = server.url(),
                     .model = "tiny",
                     .api_key = "sk-secret",
                     .connect_timeout = milliseconds(2000),
                     .silence_timeout = milliseconds(1000),
                     .max_response_bytes = 64 << 10,
                     .retry = {.retries = 2, .first_backoff = milliseconds(5)}});
}

// What a client makes of one response, or of several in order.
inline GeneratedText text_of(const std::vector<ScriptedResponse>& responses, const GenerationOptions& options = {}) {
  const ScriptedServer server(responses);
  return client_of(server).generate("Hello", options);
}
inline ScriptedResponse events(const std::string& text) { return {.pieces = {event_head + text}}; }

// The message of the std::runtime_error that a response leads to.
inline std::string failure_of(const std::vector<ScriptedResponse>& responses, int* connections = nullptr) {
  const ScriptedServer server(responses);
  std::string message;
  try {
    client_of(server).generate("Hello");
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  if (connections != nullptr) *connections = server.connections();
  EXPECT_EQ(message.find("sk-secret"), std::string::npos);
  return message;
}

}  // namespace omma::testing
