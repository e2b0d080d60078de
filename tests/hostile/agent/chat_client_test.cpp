#include "omma/agent/chat_client.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "omma/base/json.h"
#include "tests/hostile/agent/scripted_server.h"

namespace omma {
namespace {

using std::chrono::milliseconds;
using testing::ScriptedResponse;
using testing::ScriptedServer;

const std::string event_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

std::string delta(const std::string& text) {
  return "data: " + json({{"choices", {{{"delta", {{"content", text}}}, {"finish_reason", nullptr}}}}}).dump() + "\n\n";
}
std::string whole(const std::string& status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}
const std::string done = "data: [DONE]\n\n";

ChatClient client_of(const ScriptedServer& server) {
  return ChatClient({.url = server.url(),
                     .model = "tiny",
                     .api_key = "sk-secret",
                     .connect_timeout = milliseconds(2000),
                     .total_timeout = milliseconds(3000),
                     .stall_timeout = milliseconds(2000),
                     .max_response_bytes = 64 << 10,
                     .retries = 2,
                     .first_backoff = milliseconds(5)});
}

// The message of the std::runtime_error that a response leads to.
std::string failure_of(const std::vector<ScriptedResponse>& responses, int* connections = nullptr) {
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

TEST(ChatClient, StreamsAndStops) {
  const ScriptedServer server(
      {{.pieces = {event_head + delta("One, "), delta("two\nObser"), delta("vation: 9"), done}, .pause = milliseconds(5)}});
  ChatClient client = client_of(server);
  GenerationOptions options;
  options.max_tokens = 50;
  options.stop = {"\nObservation:"};
  std::string streamed;
  const GeneratedText text = client.generate("Count \xFF", options, [&](std::string_view piece) {
    streamed += piece;
    return true;
  });
  EXPECT_EQ(text.text, "One, two");
  EXPECT_EQ(streamed, text.text);
  EXPECT_EQ(text.end, GeneratedText::End::stop);
}

TEST(ChatClient, SendsWhatItShould) {
  const ScriptedServer server({{.pieces = {event_head + delta("ok") + done}}});
  GenerationOptions options;
  options.max_tokens = 7;
  options.stop = {"a", "b", "c", "d", "e"};
  client_of(server).generate("Say \"ok\"", options);
  while (server.connections() == 0) std::this_thread::yield();
  const std::string request = server.request(0);
  EXPECT_TRUE(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Authorization: Bearer sk-secret\r\n"), std::string::npos);
  const json body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
  EXPECT_EQ(body["model"], "tiny");
  EXPECT_EQ(body["max_tokens"], 7);
  EXPECT_EQ(body["temperature"], 0);
  EXPECT_EQ(body["stop"].size(), 4U);
  EXPECT_EQ(body["messages"], json::parse(R"([{"role": "user", "content": "Say \"ok\""}])"));
}

TEST(ChatClient, TakesAWholeCompletionToo) {
  const ScriptedServer server(
      {{.pieces = {whole("200 OK", R"({"choices": [{"message": {"content": "4"}, "finish_reason": "length"}],
                                                              "usage": {"prompt_tokens": 9, "completion_tokens": 1}})")}}});
  const GeneratedText text = client_of(server).generate("2+2");
  EXPECT_EQ(text.text, "4");
  EXPECT_EQ(text.prompt_tokens, 9);
  EXPECT_EQ(text.end, GeneratedText::End::length);
}

TEST(ChatClient, RetriesWhatMayPass) {
  for (const char* status : {"429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"}) {
    const ScriptedServer server(
        {{.pieces = {whole(status, "{}", "Retry-After: 0\r\n")}}, {.pieces = {event_head + delta("ok") + done}}});
    EXPECT_EQ(client_of(server).generate("x").text, "ok") << status;
    EXPECT_EQ(server.connections() >= 1, true);
  }
  int connections = 0;
  EXPECT_EQ(failure_of({{.pieces = {whole("503 Service Unavailable", R"({"error": {"message": "overloaded"}})")}}}, &connections),
            "chat server: status 503: overloaded");
  EXPECT_GE(connections, 2);  // the last connection may still be closing
}

TEST(ChatClient, TellsWhatWillNotPass) {
  EXPECT_EQ(failure_of({{.pieces = {whole("401 Unauthorized", R"({"error": {"message": "bad key"}})")}}}),
            "chat server: status 401: bad key");
  EXPECT_EQ(failure_of({{.pieces = {whole("400 Bad Request", "<html>\x1B[2Jno</html>")}}}),
            "chat server: status 400: <html>no</html>");
  EXPECT_EQ(failure_of({{.pieces = {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"}}}),
            "chat server: status 302: ");
  EXPECT_EQ(failure_of({{.pieces = {event_head + "data: {\"error\": {\"message\": \"out of memory\"}}\n\n"}}}),
            "chat server: out of memory");
}

TEST(ChatClient, CutMalformedAndLargeStreams) {
  EXPECT_EQ(failure_of({{.pieces = {event_head + delta("half")}}}), "chat server: the response was cut before its end");
  EXPECT_NE(failure_of({{.pieces = {event_head + "data: {\"choices\": [\n\n"}}}).find("chat server"), std::string::npos);
  EXPECT_NE(failure_of({{.pieces = {event_head + "data: [1, 2]\n\n" + done}}}).find("expected a JSON object"), std::string::npos);
  EXPECT_NE(failure_of({{.pieces = {whole("200 OK", "not json")}}}).find("chat server"), std::string::npos);
  EXPECT_NE(failure_of({{.pieces = {whole("200 OK", "")}}}).find("chat server"), std::string::npos);
  EXPECT_NE(failure_of({{.pieces = {"garbage\r\n\r\n"}}}).find("chat server"), std::string::npos);
  EXPECT_NE(failure_of({{.pieces = {""}}}).find("chat server"), std::string::npos);
  EXPECT_EQ(failure_of({{.pieces = {event_head + delta(std::string(100 << 10, 'x'))}}}),
            "chat server: the response is larger than 65536 bytes");
  EXPECT_EQ(failure_of({{.pieces = {event_head + std::string(1 << 20, 'x')}}}),
            "chat server: the response is larger than 65536 bytes");
  const std::string deep = "data: " + std::string(10000, '[') + "\n\n";
  EXPECT_NE(failure_of({{.pieces = {event_head + deep}}}).find("chat server"), std::string::npos);
}

TEST(ChatClient, OddMembersAreIgnored) {
  const std::string odd =
      "data: {\"choices\": []}\n\ndata: {\"choices\": [{\"delta\": null}]}\n\ndata: {\"choices\": 3, \"usage\": "
      "{\"completion_tokens\": "
      "-1e99}}\n\ndata: {\"choices\": [{\"delta\": {\"content\": 3}}]}\n\n";
  const ScriptedServer server({{.pieces = {event_head + odd + delta("ok") + done}}});
  EXPECT_EQ(client_of(server).generate("x").text, "ok");
}

TEST(ChatClient, TimesOut) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(failure_of({{.pieces = {event_head, delta("x")}, .pause = milliseconds(0), .linger = milliseconds(20000)}})
                .find("chat server"),
            std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(15));
}

TEST(ChatClient, CancelledByTheCaller) {
  const ScriptedServer server({{.pieces = {event_head + delta("one"), delta("two"), delta("three")}, .pause = milliseconds(50)}});
  const GeneratedText text = client_of(server).generate("x", {}, [](std::string_view) { return false; });
  EXPECT_EQ(text.text, "one");
  EXPECT_EQ(text.end, GeneratedText::End::cancelled);
}

TEST(ChatClient, NoServer) {
  int port_of_nobody = 0;
  {
    const ScriptedServer gone({{.pieces = {""}}});
    port_of_nobody = std::stoi(gone.url().substr(17));
  }
  ChatClient client({.url = "http://127.0.0.1:" + std::to_string(port_of_nobody) + "/v1",
                     .model = "m",
                     .api_key = "",
                     .retries = 1,
                     .first_backoff = milliseconds(1)});
  EXPECT_THROW(client.generate("x"), std::runtime_error);
}

TEST(ChatClient, RefusesBadUrlsAndKeys) {
  for (const char* url : {"", "127.0.0.1/v1", "file:///etc/passwd/v1", "ftp://x/v1", "http://x", "http://x/v2"})
    EXPECT_THROW(ChatClient({.url = url, .model = "m", .api_key = ""}), std::invalid_argument) << url;
  EXPECT_THROW(ChatClient({.url = "http://x/v1", .model = "", .api_key = ""}), std::invalid_argument);
  EXPECT_THROW(ChatClient({.url = "http://x/v1", .model = "m", .api_key = "a\r\nX: y"}), std::invalid_argument);
  EXPECT_NO_THROW(ChatClient({.url = "http://x/v1/", .model = "m", .api_key = ""}));
}

}  // namespace
}  // namespace omma
