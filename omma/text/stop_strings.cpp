#include "omma/text/stop_strings.h"

#include <algorithm>
#include <utility>

#include "omma/base/error.h"

namespace omma {

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {
  check(stops_.size() <= 64, "stop: expected at most 64 strings, got {}", stops_.size());
  for (const std::string& stop : stops_)
    check(!stop.empty() && stop.size() <= 1000, "stop: expected strings of 1 to 1000 bytes, got {}", stop.size());
}

// Bytes at the end of the pending text that begin a stop string.
std::size_t StopStrings::held_back() const {
  std::size_t most = 0;
  for (const std::string& stop : stops_) {
    for (std::size_t length = std::min(stop.size() - 1, pending_.size()); length > most; --length)
      if (pending_.ends_with(std::string_view(stop).substr(0, length))) most = length;
  }
  return most;
}

std::string StopStrings::push(std::string_view piece) {
  if (met_) return "";
  pending_ += piece;
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops_) first = std::min(first, pending_.find(stop));
  met_ = first != std::string::npos;
  const std::size_t certain = met_ ? first : pending_.size() - held_back();
  std::string text = pending_.substr(0, certain);
  pending_.erase(0, met_ ? std::string::npos : certain);
  return text;
}

std::string StopStrings::finish() { return std::exchange(pending_, {}); }

}  // namespace omma
