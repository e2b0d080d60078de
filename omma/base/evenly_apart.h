// Some of many.
#pragma once

#include <cstddef>
#include <vector>

namespace omma {

// `count` of them, evenly apart and in their order, the first among them; all where there are no more.
template <class T>
std::vector<T> evenly_apart(std::vector<T> all, std::size_t count) {
  if (all.size() <= count) return all;
  std::vector<T> chosen;
  chosen.reserve(count);
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
  return chosen;
}

}  // namespace omma
