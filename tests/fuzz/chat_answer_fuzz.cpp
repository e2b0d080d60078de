// The body of a chat server's answer: whatever it is, it is read the same however its bytes arrive, and what is told of it is safe
// text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "omma/agent/chat_stream.h"
#include "omma/agent/thinking.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

struct Reading {
  std::string text;
  bool failed = false;
};

Reading read(std::string_view body, std::size_t piece) {
  omma::ChatStream chat(1 << 20);
  omma::ThinkingFilter thinking;
  Reading reading;
  for (std::size_t at = 0; at < body.size(); at += piece) reading.text += thinking.push(chat.push(body.substr(at, piece)));
  reading.text += thinking.push(chat.finish());
  reading.text += thinking.finish();
  reading.failed = chat.error().has_value();
  if (reading.failed) require(omma::is_valid_utf8(chat.error()->message));
  require(reading.failed || chat.heard() || reading.text.empty());
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const Reading whole = read(body, body.size() + 1), bytes = read(body, 1);
  require(whole.text == bytes.text && whole.failed == bytes.failed);
  require(omma::is_valid_utf8(omma::error_of_body(body).message));
  omma::without_thinking(body);
  return 0;
}
