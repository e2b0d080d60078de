// A SentencePiece model: whatever its bytes are, it is refused, or it is a tokenizer as T5 or LLaMA has one.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "omma/text/sentencepiece.h"
#include "omma/text/t5_tokenizer.h"
#include "omma/text/tokenizer.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

template <class Read>
void run(Read&& read) {
  using namespace omma;
  try {
    const Tokenizer tokenizer = Tokenizer::from_json(read(), "fuzz");
    constexpr std::string_view text = "\u2581 a\u0301b \uff21\u00bd\r\n\u4e2d\U0001f600ab</s>";
    const Encoding encoding = tokenizer.encode(text);
    for (const auto& [begin, end] : encoding.offsets) require(begin <= end && end <= text.size());
    require(is_valid_utf8(tokenizer.decode(encoding.ids, false)));
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  run([&] { return omma::t5_tokenizer(bytes, {}, "fuzz"); });
  run([&] { return omma::sentencepiece_tokenizer(bytes, {.add_bos_token = false}, "fuzz"); });
  return 0;
}
