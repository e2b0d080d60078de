#include "omma/agent/chat_client.h"

#include <fmt/chrono.h>
#include <gtest/gtest.h>

#include <ctime>
#include <map>
#include <stdexcept>

#include "omma/agent/chat_url.h"
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
                     .silence_timeout = milliseconds(1000),
                     .max_response_bytes = 64 << 10,
                     .retry = {.retries = 2, .first_backoff = milliseconds(5)}});
}

// What a client makes of one response, or of several in order.
GeneratedText text_of(const std::vector<ScriptedResponse>& responses, const GenerationOptions& options = {}) {
  const ScriptedServer server(responses);
  return client_of(server).generate("Hello", options);
}
ScriptedResponse events(const std::string& text) { return {.pieces = {event_head + text}}; }

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

TEST(ChatClient, TellsWhatWillNotPass) {
  EXPECT_EQ(failure_of({{.pieces = {whole("404 Not Found", R"({"object": "error", "message": "no model x", "code": 404})")}}}),
            "chat server: status 404: no model x");
  EXPECT_EQ(failure_of({{.pieces = {whole("400 Bad Request", R"([{"error": {"code": 400, "message": "from Gemini"}}])")}}}),
            "chat server: status 400: from Gemini");
  EXPECT_EQ(
      failure_of({{.pieces = {whole("422 Unprocessable", R"({"detail": [{"loc": ["body", "messages"], "msg": "too many"}]})")}}}),
      "chat server: status 422: messages: too many");
  EXPECT_EQ(failure_of({events("data: {\"error\": {\"message\": \"out of memory\"}}\n\n")}), "chat server: out of memory");
  EXPECT_EQ(failure_of({events("event: error\ndata: {\"object\": \"error\", \"message\": \"too long\"}\n\n")}),
            "chat server: too long");
  EXPECT_EQ(failure_of({events("error: {\"code\": 400, \"message\": \"slot\"}\n\n")}), "chat server: slot");
  EXPECT_EQ(failure_of({{.pieces = {whole("200 OK", R"({"error": "model xyz not found"})")}}}), "chat server: model xyz not found");
  EXPECT_EQ(failure_of({events("data: {\"choices\": [{\"delta\": {\"refusal\": \"I can't\"}, \"finish_reason\": \"stop\"}]}\n\n")}),
            "chat server: the model refuses: I can't");
  EXPECT_EQ(failure_of({events("data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"content_filter\"}]}\n\n")}),
            "chat server: the server's content filter withholds the answer");
}

// Keys stay out of messages, even where the server repeats them.
TEST(ChatClient, KeysAreNotRepeated) {
  EXPECT_EQ(failure_of({{.pieces = {whole("401 Unauthorized", R"({"error": {"message": "Incorrect key sk-secret."}})")}}}),
            "chat server: status 401: Incorrect key ***.");
  EXPECT_EQ(ChatClient({.url = "http://me:word@x/v1?key=abc", .model = "m", .api_key = ""}).shown_url(), "http://x/v1");
}

TEST(ChatClient, IsThisAChatServer) {
  const auto asks = [](const std::string& message, const std::string& got) {
    EXPECT_NE(message.find(got), std::string::npos) << message;
    EXPECT_NE(message.find("/v1/chat/completions a chat server?"), std::string::npos) << message;
  };
  asks(failure_of({{.pieces = {whole("200 OK", "<!doctype html><html><TITLE>Log\x1B[2J in</title></html>")}}}),
       "expected a completion, got a web page: Log in: is http://127.0.0.1:");
  asks(failure_of({{.pieces = {whole("200 OK", "")}}}), "expected a completion, got an empty answer");
  asks(failure_of({{.pieces = {whole("200 OK", "hello")}}}), "expected a completion, got hello");
  asks(failure_of({{.pieces = {whole("404 Not Found", R"({"detail": "Not Found"})")}}}), "status 404: Not Found");
  asks(failure_of({{.pieces = {whole("400 Bad Request", "<html>no</html>")}}}), "status 400: a web page: no");
  EXPECT_NE(failure_of({{.pieces = {"SSH-2.0-OpenSSH_9.2\r\n"}}}).find("does not speak HTTP"), std::string::npos);
  EXPECT_EQ(failure_of({{.pieces = {whole("502 Bad Gateway", "<html><title>502 Bad Gateway</title></html>")}}}),
            "chat server: status 502: a web page: 502 Bad Gateway (tried 3 times)");
}

TEST(ChatClient, CutMalformedAndLargeStreams) {
  EXPECT_EQ(failure_of({events(delta("half"))}), "chat server: the response was cut before its end");
  EXPECT_NE(failure_of({events("data: {\"choices\": [\n\n")}).find("chat server"), std::string::npos);
  EXPECT_NE(failure_of({events("data: [1, 2]\n\n" + done)}).find("expected a JSON object"), std::string::npos);
  EXPECT_NE(failure_of({{.pieces = {""}}}).find("chat server"), std::string::npos);
  EXPECT_EQ(failure_of({events(delta(std::string(100 << 10, 'x')))}), "chat server: the response is larger than 65536 bytes");
  EXPECT_EQ(failure_of({events(std::string(1 << 20, 'x'))}), "chat server: the response is larger than 65536 bytes");
  EXPECT_NE(failure_of({events("data: " + std::string(10000, '[') + "\n\n")}).find("chat server"), std::string::npos);
}

// The first bytes tell an answer's form, whatever the content type says.
TEST(ChatClient, AnyContentType) {
  const std::string body = delta("o") + delta("k") + done;
  for (const char* type : {"Content-Type: text/plain; charset=utf-8\r\n", "", "Content-Type: Text/Event-Stream;charset=UTF-8\r\n",
                           "Content-Type: application/json\r\n", "Content-Type: application/octet-stream\r\n"}) {
    const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(type) + "Connection: close\r\n\r\n";
    EXPECT_EQ(text_of({{.pieces = {head + body}}}).text, "ok") << type;
    EXPECT_EQ(text_of({{.pieces = {head, "d", "ata", body.substr(4)}, .pause = milliseconds(5)}}).text, "ok") << type;
    EXPECT_EQ(text_of({{.pieces = {head + "\xEF\xBB\xBF\r\n: ping\n\n" + body}}}).text, "ok") << type;
    EXPECT_EQ(text_of({{.pieces = {head + R"( {"choices": [{"message": {"content": "ok"}}]})"}}}).text, "ok") << type;
  }
  const std::string lines =
      "{\"choices\": [{\"delta\": {\"content\": \"o\"}}]}\n{\"choices\": [{\"delta\": {\"content\": \"k\"}, "
      "\"finish_reason\": \"stop\"}]}\n";
  EXPECT_EQ(text_of({events(lines)}).text, "ok");
}

TEST(ChatClient, ContentInParts) {
  const std::string parts =
      R"({"choices": [{"delta": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
         {"type": "text", "text": "o"}, {"type": "text", "text": "k"}]}}]})";
  EXPECT_EQ(text_of({events("data: " + json::parse(parts).dump() + "\n\n" + done)}).text, "ok");
}

TEST(ChatClient, ReasoningIsNotSaid) {
  const std::string fields =
      "data: {\"choices\": [{\"delta\": {\"content\": null, \"reasoning_content\": \"Final Answer: 3\"}}]}\n\n";
  EXPECT_EQ(text_of({events(fields + delta("ok") + done)}).text, "ok");
  EXPECT_EQ(
      text_of({events(delta("<thi") + delta("nk>\nFinal") + delta(" Answer: 3</thin") + delta("k>\n\no") + delta("k") + done)})
          .text,
      "ok");
  EXPECT_EQ(text_of({events(delta("<think>\nFinal Answer: 3") + done)}).text, "");
  EXPECT_EQ(text_of({events(delta("3</think>ok") + done)}).text, "ok");
  // A stop string in what is only thought ends nothing here, and where the server ended at it the text is asked for without.
  GenerationOptions options;
  options.stop = {"\nObservation:"};
  EXPECT_EQ(text_of({events(delta("<think>x\nObservation: y</think>ok\nObservation: 3") + done)}, options).text, "ok");
  const std::string stopped = "data: {\"choices\": [{\"delta\": {\"content\": \"<think>x\"}, \"finish_reason\": \"stop\"}]}\n\n";
  const ScriptedServer server({events(stopped), events(delta("ok") + done)});
  EXPECT_EQ(client_of(server).generate("x", options).text, "ok");
  EXPECT_EQ(server.request(1).find("stop\""), std::string::npos);
}

TEST(ChatClient, CutByTheServersLimit) {
  const GeneratedText text =
      text_of({events("data: {\"choices\": [{\"delta\": {\"content\": \"ha\"}, \"finish_reason\": \"length\"}]}\n\n" + done)});
  EXPECT_EQ(text.end, GeneratedText::End::length);
}

TEST(ChatClient, ToolCallsAreSteps) {
  const auto call = [](const std::string& calls) {
    return "data: {\"choices\": [{\"delta\": {\"tool_calls\": [" + calls + "]}}]}\n\n";
  };
  const std::string streamed = call(R"({"index": 0, "id": "a", "function": {"name": "find", "arguments": ""}})") +
                               call(R"({"index": 0, "function": {"arguments": "{\"x\""}})") +
                               call(R"({"index": 0, "function": {"arguments": ": 1}"}})") +
                               call(R"({"index": 1, "id": "b", "function": {"name": "other", "arguments": "{}"}})");
  EXPECT_EQ(text_of({events(delta("I look.") + streamed + done)}).text, "I look.\nAction: find\nAction Input: {\"x\": 1}");
  const std::string objects = call(R"({"id": "a", "function": {"name": "find", "arguments": {"x": 1}}})"
                                   ", "
                                   R"({"id": "b", "function": {"name": "other", "arguments": {}}})");
  EXPECT_EQ(text_of({events(objects + done)}).text, "Action: find\nAction Input: {\"x\":1}");
  EXPECT_EQ(text_of({{.pieces = {whole("200 OK", R"({"choices": [{"message": {"content": null,
              "function_call": {"name": "find", "arguments": "{}"}}, "finish_reason": "function_call"}]})")}}})
                .text,
            "Action: find\nAction Input: {}");
  EXPECT_EQ(
      text_of({events(call("3, {\"function\": 3}, {\"function\": {\"name\": [], \"arguments\": 3}}") + delta("ok") + done)}).text,
      "ok");
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

TEST(ChatClient, OddMembersAreIgnored) {
  const std::string odd =
      "data: {\"choices\": []}\n\ndata: {\"choices\": [{\"delta\": null}]}\n\ndata: {\"choices\": 3, \"usage\": "
      "{\"completion_tokens\": "
      "-1e99}}\n\ndata: {\"choices\": [{\"delta\": {\"content\": 3}}]}\n\n";
  const ScriptedServer server({{.pieces = {event_head + odd + delta("ok") + done}}});
  EXPECT_EQ(client_of(server).generate("x").text, "ok");
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
