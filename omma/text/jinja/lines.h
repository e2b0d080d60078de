// Where a text is cut: at separators, spaces and line ends, as Python's str does. All spans are bytes, in order.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "omma/text/jinja/budget.h"

namespace omma::jinja {

// At most `most` cuts (any number where it is negative), the first ones or the last.
std::vector<TextSpan> cut_at(std::string_view text, std::string_view separator, std::int64_t most, bool from_end);
std::vector<TextSpan> cut_at_spaces(std::string_view text, std::int64_t most, bool from_end);
std::vector<TextSpan> lines_of(std::string_view text, bool keep_ends);

// `text` with the first `most` occurrences of `old` replaced (all where it is negative); an empty `old` is before each character
// and at the end.
MarkedText replaced(Budget& budget, const MarkedText& text, const MarkedText& old, const MarkedText& by, std::int64_t most);

}  // namespace omma::jinja
