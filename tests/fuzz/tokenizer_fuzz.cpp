// A tokenizer.json, a NUL byte and a text: whatever they are, the file is refused or the text encodes and decodes.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "omma/text/text_stream.h"
#include "omma/text/tokenizer.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

void run(std::string_view file, std::string_view text) {
  using namespace omma;
  const Tokenizer tokenizer = Tokenizer::from_json(parse_json(file, "fuzz"), "fuzz");
  const Encoding encoding = tokenizer.encode(text);
  require(encoding.offsets.size() == encoding.size() && encoding.type_ids.size() == encoding.size());
  for (const auto& [begin, end] : encoding.offsets) require(begin <= end && end <= text.size());
  require(is_valid_utf8(tokenizer.decode(encoding.ids, false)));
  TextStream stream(tokenizer);
  for (std::size_t i = 0; i < encoding.size() && i < 64; ++i) require(is_valid_utf8(stream.push(encoding.ids[i])));
  stream.finish();
  tokenizer.encode(text, {.add_special_tokens = false, .parse_special = false});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  if (end == std::string_view::npos) return 0;
  try {
    run(input.substr(0, end), input.substr(end + 1));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
