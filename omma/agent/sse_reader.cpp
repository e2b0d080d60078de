#include "omma/agent/sse_reader.h"

#include <utility>

namespace omma {

std::vector<std::string> SseReader::push(std::string_view bytes) {
  std::vector<std::string> events;
  for (const char c : bytes) {
    const bool ends_return = std::exchange(after_return_, c == '\r');
    if (c == '\n' && ends_return) continue;
    if (c == '\n' || c == '\r')
      take_line(events);
    else
      line_ += c;
  }
  return events;
}

void SseReader::take_line(std::vector<std::string>& events) {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
    return;
  }
  for (const std::string_view field : {"data:", "error:"}) {
    if (!line.starts_with(field)) continue;
    if (has_data_) data_ += '\n';
    has_data_ = true;
    const bool blank = line.size() > field.size() && line[field.size()] == ' ';
    data_ += line.substr(field.size() + (blank ? 1 : 0));
  }
}

}  // namespace omma
