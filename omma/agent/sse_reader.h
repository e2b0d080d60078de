// Server-sent events (WHATWG HTML, section 9.2): the data of each event as its bytes arrive.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omma {

class SseReader {
 public:
  // The data of the events that `bytes` complete. Lines end in LF, CR or CRLF; comments and fields other than data are ignored.
  // "error: {...}", as older llama.cpp servers write, is data.
  std::vector<std::string> push(std::string_view bytes);

 private:
  void take_line(std::vector<std::string>& events);

  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;  // a CR was the last byte: an LF that follows belongs to it
};

}  // namespace omma
