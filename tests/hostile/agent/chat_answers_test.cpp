// Answers of chat servers in all the forms that are in use, and some that are none.
#include "tests/hostile/agent/chat_scripts.h"

namespace omma {
namespace {

using std::chrono::milliseconds;
using namespace testing;

TEST(ChatClient, TakesAWholeCompletionToo) {
  const ScriptedServer server(
      {{.pieces = {whole("200 OK", R"({"choices": [{"message": {"content": "4"}, "finish_reason": "length"}],
                                                              "usage": {"prompt_tokens": 9, "completion_tokens": 1}})")}}});
  const GeneratedText text = client_of(server).generate("2+2");
  EXPECT_EQ(text.text, "4");
  EXPECT_EQ(text.prompt_tokens, 9);
  EXPECT_EQ(text.end, GeneratedText::End::length);
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

// Servers that send a text token by token may cut a character in two.
TEST(ChatClient, HalvesOfCharacters) {
  const auto raw = [](const std::string& text) {
    return "data: {\"choices\": [{\"delta\": {\"content\": \"" + text + "\"}}]}\n\n";
  };
  EXPECT_EQ(text_of({events(raw("a\\ud83d") + raw("\\ude00b") + raw("\\ud83d\\ude00") + raw("\\\\ud83d") + done)}).text,
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xF0\x9F\x98\x80\\ud83d");
  const std::string halves = text_of({events(raw("a\xF0\x9F") +
                                             raw("\x98\x80"
                                                 "b") +
                                             done)})
                                 .text;
  EXPECT_TRUE(halves.starts_with("a\xEF\xBF\xBD") && halves.ends_with("b")) << halves;
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

TEST(ChatClient, OddMembersAreIgnored) {
  const std::string odd =
      "data: {\"choices\": []}\n\ndata: {\"choices\": [{\"delta\": null}]}\n\ndata: {\"choices\": 3, \"usage\": "
      "{\"completion_tokens\": "
      "-1e99}}\n\ndata: {\"choices\": [{\"delta\": {\"content\": 3}}]}\n\n";
  const ScriptedServer server({{.pieces = {event_head + odd + delta("ok") + done}}});
  EXPECT_EQ(client_of(server).generate("x").text, "ok");
}

}  // namespace
}  // namespace omma
