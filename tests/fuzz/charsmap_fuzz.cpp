// A text's size in a byte, the text and a precompiled charsmap: whatever they are, the rules are refused or rewrite the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "omma/text/charsmap.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

void run(std::string_view text, std::string_view rules) {
  omma::AlignedText rewritten(text);
  omma::Charsmap(rules, "fuzz").apply(rewritten);
  require(omma::is_valid_utf8(rewritten.str()));
  for (std::size_t i = 0; i < rewritten.str().size(); ++i) {
    const omma::SourceSpan source = rewritten.source(i, i + 1);
    require(source.begin <= source.end && source.end <= text.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t text_size = std::min<std::size_t>(data[0], input.size());
  try {
    run(input.substr(0, text_size), input.substr(text_size));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
