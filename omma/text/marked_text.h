// A text that remembers which of its bytes came from outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/text/text_span.h"

namespace omma {

// What a chat template writes and what a user wrote stand in one prompt: only by its marks is "</s>" of the one an end and "</s>"
// of the other four characters.
struct MarkedText {
  std::string text;
  std::vector<TextSpan> untrusted;  // sorted; not empty, and never touching one another

  static MarkedText trusted(std::string text);
  static MarkedText outside(std::string text);

  std::size_t size() const { return text.size(); }
  bool is_untrusted(std::size_t at) const;  // the byte at `at`

  void append(std::string_view more, bool is_outside = false);
  void append(const MarkedText& more) { append(more, 0, more.size()); }
  void append(const MarkedText& more, std::size_t begin, std::size_t end);  // its bytes [begin, end), with their marks
  MarkedText slice(std::size_t begin, std::size_t end) const;

 private:
  void mark(std::size_t begin, std::size_t end);  // at the end of the text
};

}  // namespace omma
