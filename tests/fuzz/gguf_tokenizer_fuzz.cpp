// A GGUF file's vocabulary, as lines: its model, its pre-tokenizer, and entries; then a NUL byte and a text. Whatever they are, it
// is refused, or the text encodes and decodes. Entries: "t", a type's digit, a score's digit and a token; "m" and a merge; "b",
// "e", "u" or "p" and a special token's id as a character; "B", "E" or "S" and 1 or 0.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "omma/text/gguf_tokenizer.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

void add_entry(std::string_view line, omma::GgufVocabulary& vocabulary) {
  if (line.size() < 2) return;
  const std::string_view value = line.substr(1);
  const int first = static_cast<unsigned char>(value[0]) - '0';
  switch (line[0]) {
    case 't':
      if (value.size() < 2) return;
      vocabulary.token_type.push_back(first);
      vocabulary.scores.push_back(static_cast<float>(-value[1]));
      vocabulary.tokens.emplace_back(value.substr(2));
      break;
    case 'm':
      vocabulary.merges.emplace_back(value);
      break;
    case 'b':
      vocabulary.bos_token_id = first;
      break;
    case 'e':
      vocabulary.eos_token_id = first;
      break;
    case 'u':
      vocabulary.unknown_token_id = first;
      break;
    case 'p':
      vocabulary.padding_token_id = first;
      break;
    case 'B':
      vocabulary.add_bos_token = first == 1;
      break;
    case 'E':
      vocabulary.add_eos_token = first == 1;
      break;
    case 'S':
      vocabulary.add_space_prefix = first == 1;
      break;
    default:
      break;
  }
}

void run(std::string_view lines, std::string_view text) {
  using namespace omma;
  GgufVocabulary vocabulary;
  vocabulary.model = next_line(lines);
  vocabulary.pre = next_line(lines);
  while (!lines.empty()) add_entry(next_line(lines), vocabulary);
  const Tokenizer tokenizer = gguf_tokenizer(vocabulary, "fuzz");
  const Encoding encoding = tokenizer.encode(text);
  for (const auto& [begin, end] : encoding.offsets) require(begin <= end && end <= text.size());
  for (const std::int32_t id : encoding.ids) require(id >= 0 && static_cast<std::size_t>(id) < vocabulary.tokens.size());
  require(is_valid_utf8(tokenizer.decode(encoding.ids, false)));
  require(gguf_tokenizer_config_json(vocabulary, "fuzz").is_object());
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
