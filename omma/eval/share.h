// Parts of wholes.
#pragma once

#include <cstdint>

namespace omma {

// 0 of nothing.
inline double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace omma
