// A template, a NUL byte and a user's text: whatever they are, the template is refused or renders to valid UTF-8 with marks in
// order.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>

#include "omma/text/chat_template.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

void run(std::string_view source, std::string_view content) {
  using namespace omma;
  const JinjaLimits limits{.template_bytes = 1 << 14, .depth = 100, .steps = 20'000, .text_bytes = 1 << 16};
  const JinjaTemplate chat = JinjaTemplate::parse(source, "fuzz", limits);
  const ordered_json part = {{"type", "text"}, {"text", content}};
  const ordered_json messages =
      ordered_json::array({{{"role", "system"}, {"content", "S"}},
                           {{"role", "user"}, {"content", content}},
                           {{"role", "assistant"}, {"content", ordered_json::array({part, {{"type", "image"}}})}}});
  JinjaVariables variables{.trusted = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"add_generation_prompt", true}, {"n", -1.5}}};
  variables.outside = {{"messages", messages}, {"tools", ordered_json::array({{{"a", 1}, {"b", nullptr}}})}};
  const MarkedText text = chat.render_marked(variables, {.limits = limits, .now = std::tm{}});
  require(text.size() <= limits.text_bytes && is_valid_utf8(text.text));
  std::size_t end = 0;
  for (const TextSpan& span : text.untrusted) {
    require((span.begin > end || (span.begin == 0 && end == 0)) && span.begin < span.end && span.end <= text.size());
    require(is_valid_utf8(std::string_view(text.text).substr(span.begin, span.end - span.begin)));
    end = span.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  try {
    run(input.substr(0, end), input.substr(std::min(end + 1, input.size())));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
