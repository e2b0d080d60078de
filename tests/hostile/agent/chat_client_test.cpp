// Requests: what is sent where, what is tried again, and what ends in time.
#include <fmt/chrono.h>

#include <ctime>
#include <map>
#include <thread>

#include "omma/agent/chat_url.h"
#include "tests/hostile/agent/chat_scripts.h"

namespace omma {
namespace {

using std::chrono::milliseconds;
using namespace testing;

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

TEST(ChatClient, RetriesWhatMayPass) {
  for (const char* status : {"429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"})
    EXPECT_EQ(text_of({{.pieces = {whole(status, "{}", "Retry-After: 0\r\n")}}, events(delta("ok") + done)}).text, "ok") << status;
  int connections = 0;
  EXPECT_EQ(failure_of({{.pieces = {whole("503 Service Unavailable", R"({"error": {"message": "overloaded"}})")}}}, &connections),
            "chat server: status 503: overloaded (tried 3 times)");
  EXPECT_GE(connections, 2);  // the last connection may still be closing
  // A gateway's own error, below status 200.
  EXPECT_EQ(
      text_of({{.pieces = {whole("200 OK", R"({"error": {"message": "no upstream", "code": 502}})")}}, events(delta("ok") + done)})
          .text,
      "ok");
}

TEST(ChatClient, WhatWillNotPassIsNotRetried) {
  int connections = 0;
  EXPECT_EQ(
      failure_of({{.pieces = {whole("429 Too Many Requests", R"({"error": {"message": "pay", "code": "insufficient_quota"}})")}},
                  events(delta("ok") + done)},
                 &connections),
      "chat server: status 429: pay");
  EXPECT_EQ(
      failure_of({{.pieces = {whole("401 Unauthorized", R"({"error": {"message": "bad key"}})")}}, events(delta("ok") + done)}),
      "chat server: status 401: bad key");
  EXPECT_EQ(failure_of({{.pieces = {whole("429 Too Many Requests", "{\"error\": \"later\"}", "Retry-After: 1000\r\n")}}}),
            "chat server: status 429: later (it asks to wait 1000 s)");
}

// A connection that is lost before any text is tried again, one that is lost after it is not: nothing is said twice.
TEST(ChatClient, LostConnections) {
  EXPECT_EQ(text_of({{.pieces = {""}}, events(delta("ok") + done)}).text, "ok");
  EXPECT_EQ(text_of({{.pieces = {event_head}}, events(delta("ok") + done)}).text, "ok");
  EXPECT_EQ(text_of({events(": ping\n\n"), events(delta("ok") + done)}).text, "ok");
  EXPECT_EQ(text_of({{.pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"choi"}}, events(delta("ok") + done)}).text, "ok");
  EXPECT_EQ(failure_of({events(delta("half")), events(delta("ok") + done)}), "chat server: the response was cut before its end");
}

// The deadline bounds a request, a wait before the next one, and what a server asks to wait.
TEST(ChatClient, EndsAtTheDeadline) {
  const auto failure_within = [](const ScriptedResponse& response, int limit_ms) {
    const auto start = std::chrono::steady_clock::now();
    GenerationOptions options;
    options.deadline = start + milliseconds(limit_ms);
    std::string message;
    try {
      text_of({response}, options);
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(limit_ms + 700)) << message;
    return message;
  };
  EXPECT_EQ(failure_within({.pieces = {event_head}, .linger = milliseconds(20000)}, 200),
            "chat server: the time was over before an answer came");
  EXPECT_EQ(failure_within({.pieces = {whole("503 Service Unavailable", "{\"error\": \"busy\"}", "Retry-After: 2\r\n")}}, 1000),
            "chat server: status 503: busy (the time is over before it can be tried again)");
  EXPECT_EQ(failure_within({.pieces = {event_head}}, 0), "chat server: the time was over before an answer came");
  GenerationOptions options;
  options.deadline = std::chrono::steady_clock::now() + milliseconds(300);
  const GeneratedText cut = text_of({{.pieces = {event_head + delta("I see ")}, .linger = milliseconds(20000)}}, options);
  EXPECT_EQ(cut.text, "I see ");
  EXPECT_EQ(cut.end, GeneratedText::End::cancelled);
}

TEST(ChatClient, RetryAfterADate) {
  const std::time_t soon = std::time(nullptr) + 2;
  const std::string date = fmt::format("Retry-After: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(soon));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(text_of({{.pieces = {whole("429 Too Many Requests", "{}", date)}}, events(delta("ok") + done)}).text, "ok");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(900));
}

// Keys stay out of messages, even where the server repeats them.
TEST(ChatClient, KeysAreNotRepeated) {
  EXPECT_EQ(failure_of({{.pieces = {whole("401 Unauthorized", R"({"error": {"message": "Incorrect key sk-secret."}})")}}}),
            "chat server: status 401: Incorrect key ***.");
  EXPECT_EQ(ChatClient({.url = "http://me:word@x/v1?key=abc", .model = "m", .api_key = ""}).shown_url(), "http://x/v1");
}

// Parameters that a model refuses by name are left out, then and later.
TEST(ChatClient, RefusedParameters) {
  const auto refusal = [](const std::string& message, const std::string& param) {
    return ScriptedResponse{
        .pieces = {whole("400 Bad Request", json({{"error", {{"message", message}, {"param", param}}}}).dump())}};
  };
  const ScriptedServer server({refusal("'max_tokens' is not supported. Use 'max_completion_tokens' instead.", "max_tokens"),
                               refusal("'temperature' does not support 0.", "temperature"),
                               {.pieces = {whole("422 Unprocessable", R"({"detail": [{"loc": ["body", "stop"], "msg": "no"}]})")}},
                               events(delta("ok") + done)});
  ChatClient client = client_of(server);
  GenerationOptions options;
  options.max_tokens = 9;
  options.stop = {"x"};
  EXPECT_EQ(client.generate("a", options).text, "ok");
  EXPECT_EQ(client.generate("b", options).text, "ok");
  while (server.connections() < 5) std::this_thread::yield();
  const std::string request = server.request(4);
  const json body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
  EXPECT_EQ(body["max_completion_tokens"], 9);
  for (const char* parameter : {"max_tokens", "temperature", "stop"}) EXPECT_FALSE(body.contains(parameter)) << parameter;
  EXPECT_EQ(failure_of({refusal("the temperature of hell", "messages")}), "chat server: status 400: the temperature of hell");
}

TEST(ChatClient, RedirectsOnTheSameServerOnly) {
  const ScriptedServer server(
      {{.pieces = {"HTTP/1.1 307 Moved\r\nLocation: /v2/chat/completions\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"}},
       events(delta("ok") + done)});
  EXPECT_EQ(client_of(server).generate("x").text, "ok");
  while (server.connections() < 2) std::this_thread::yield();
  EXPECT_TRUE(server.request(1).starts_with("POST /v2/chat/completions HTTP/1.1\r\n"));
  const ScriptedServer other({events(delta("stolen") + done)});
  const std::string away =
      "HTTP/1.1 308 Moved\r\nLocation: " + other.url() + "?key=sk-secret\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(failure_of({{.pieces = {away}}}),
            "chat server: status 308: it redirects to " + other.url() + ": name that with --llm if it is right");
  EXPECT_EQ(other.connections(), 0);
  const std::string circle = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  EXPECT_NE(failure_of({{.pieces = {circle}}}).find("status 302"), std::string::npos);
}

TEST(ChatClient, SilenceIsNotWaitedFor) {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& said : {event_head, event_head + delta("x")})
    EXPECT_EQ(failure_of({{.pieces = {said}, .linger = milliseconds(20000)}}),
              "chat server: not a byte came for 1 s (--llm-timeout)");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
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
                     .retry = {.retries = 1, .first_backoff = milliseconds(1)}});
  EXPECT_THROW(client.generate("x"), std::runtime_error);
}

TEST(ChatUrl, CompletionsAreBelowTheBase) {
  for (const auto& [base, url] : std::map<std::string, std::string>{
           {"http://x", "http://x/v1/chat/completions"},
           {"http://x:81/", "http://x:81/v1/chat/completions"},
           {"http://x/v1/", "http://x/v1/chat/completions"},
           {"https://g.com/v1beta/openai", "https://g.com/v1beta/openai/chat/completions"},
           {"https://z.ai/api/paas/v4", "https://z.ai/api/paas/v4/chat/completions"},
           {"https://x/v1/chat/completions", "https://x/v1/chat/completions"},
           {"https://x/openai/deployments/d?api-version=1#top", "https://x/openai/deployments/d/chat/completions?api-version=1"}})
    EXPECT_EQ(completions_url(base), url);
}

TEST(ChatUrl, SameServers) {
  EXPECT_TRUE(is_same_server("http://x/a", "http://X:80/b"));
  EXPECT_TRUE(is_same_server("http://x/a", "https://x/a"));
  for (const char* other :
       {"http://y/a", "http://x:81/a", "https://x:81/a", "ftp://x/a", "http://x.evil/a", "http://x@evil/a", "http://evil/x", ""})
    EXPECT_FALSE(is_same_server("http://x/a", other)) << other;
  EXPECT_FALSE(is_same_server("https://x/a", "http://x/a"));
}

TEST(ChatClient, RefusesBadUrlsAndKeys) {
  for (const char* url : {"", "127.0.0.1/v1", "file:///etc/passwd/v1", "ftp://x/v1", "http://", "http://x y/v1"})
    EXPECT_THROW(ChatClient({.url = url, .model = "m", .api_key = ""}), std::invalid_argument) << url;
  EXPECT_THROW(ChatClient({.url = "http://x/v1", .model = "", .api_key = ""}), std::invalid_argument);
  EXPECT_THROW(ChatClient({.url = "http://x/v1", .model = "m", .api_key = "a\r\nX: y"}), std::invalid_argument);
  EXPECT_NO_THROW(ChatClient({.url = "http://x/v1/", .model = "m", .api_key = ""}));
}

}  // namespace
}  // namespace omma
