// A part of a text.
#pragma once

#include <cstddef>

namespace omma {

struct TextSpan {  // bytes [begin, end)
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextSpan&) const = default;
};

}  // namespace omma
