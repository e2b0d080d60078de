// Strings at which a text that is still being written ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Takes a text piece by piece and gives it back up to the first stop string, never a byte of that string: what could still become
// one is held back until it is clear. Not thread-safe.
class StopStrings {
 public:
  // Throws std::invalid_argument for an empty string, one over 1000 bytes, or more than 64 of them.
  explicit StopStrings(std::vector<std::string> stops);

  // What is certain to come before any stop string. "" after one was met.
  std::string push(std::string_view piece);

  // At the text's end: what was held back, "" where a stop string was met.
  std::string finish();

  bool met() const { return met_; }

 private:
  std::size_t held_back() const;

  std::vector<std::string> stops_;
  std::string pending_;
  bool met_ = false;
};

}  // namespace omma
