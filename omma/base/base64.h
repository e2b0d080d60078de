// Base64 (RFC 4648, section 4): bytes as text of 64 letters, padded with '='.
#pragma once

#include <string>
#include <string_view>

namespace omma {

std::string to_base64(std::string_view bytes);

// The bytes again. Throws std::invalid_argument, beginning with `where`, for other letters (white space too), a length that is no
// multiple of four, and bits beyond the last byte that are not 0: a text stands for bytes, and bytes for one text.
std::string from_base64(std::string_view text, std::string_view where);

}  // namespace omma
