// A sentence: whatever it is, its brackets are refused or its phrases lie in it, in order, in valid UTF-8, and a phrase marked by
// hand is found again.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "omma/text/noun_phrases.h"
#include "omma/text/utf8.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

void run(std::string_view sentence) {
  std::size_t end = 0;
  for (const omma::NounPhrase& phrase : omma::noun_phrases(sentence)) {
    require(end <= phrase.span.begin && phrase.span.begin < phrase.span.end && phrase.span.end <= sentence.size());
    end = phrase.span.end;
    require(!phrase.text.empty() && omma::is_valid_utf8(phrase.text));
    require(phrase.text.front() != ' ' && phrase.text.back() != ' ' && phrase.text.find("  ") == std::string::npos);
    if (phrase.by_hand) continue;
    const auto again = omma::noun_phrases("[" + phrase.text + "]");
    require(again.size() == 1 && again[0].by_hand && phrase.text.ends_with(again[0].text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    run({reinterpret_cast<const char*>(data), size});
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
