#include "omma/text/jinja/lines.h"

#include <algorithm>

#include "omma/text/jinja/characters.h"

namespace omma::jinja {

std::vector<TextSpan> cut_at(std::string_view text, std::string_view separator, std::int64_t most, bool from_end) {
  check(!separator.empty(), "cannot split at an empty str");
  std::vector<TextSpan> parts;
  std::size_t begin = 0, end = text.size();
  for (; most != 0; --most) {
    const std::string_view rest = text.substr(begin, end - begin);
    const std::size_t found = from_end ? rest.rfind(separator) : rest.find(separator);
    if (found == std::string_view::npos) break;
    const std::size_t at = begin + found;
    if (from_end) {
      parts.push_back({at + separator.size(), end});
      end = at;
    } else {
      parts.push_back({begin, at});
      begin = at + separator.size();
    }
  }
  parts.push_back({begin, end});
  if (from_end) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<TextSpan> cut_at_spaces(std::string_view text, std::int64_t most, bool from_end) {
  std::vector<TextSpan> parts;
  TextSpan rest = strip(text, {}, is_space);
  if (most == 0) rest = strip(text, {.left = !from_end, .right = from_end}, is_space);
  const auto no_space = [](char32_t code) { return !is_space(code); };
  for (; rest.begin < rest.end && most != 0; --most) {
    const std::string_view left = text.substr(rest.begin, rest.end - rest.begin);
    const TextSpan tail = strip(left, {.left = !from_end, .right = from_end}, no_space);  // what is left without its next word
    const TextSpan spaces = strip(left.substr(tail.begin, tail.end - tail.begin), {.left = !from_end, .right = from_end}, is_space);
    if (from_end) {
      parts.push_back({rest.begin + tail.end, rest.end});
      rest.end = rest.begin + spaces.end;
    } else {
      parts.push_back({rest.begin, rest.begin + tail.begin});
      rest.begin += tail.begin + spaces.begin;
    }
  }
  if (rest.begin < rest.end) {  // the last part keeps the spaces of the side that was not cut
    const TextSpan kept = strip(text, {.left = from_end, .right = !from_end}, [](char32_t) { return false; });
    parts.push_back(from_end ? TextSpan{kept.begin, rest.end} : TextSpan{rest.begin, kept.end});
  }
  if (from_end) std::reverse(parts.begin(), parts.end());
  return parts;
}

namespace {

bool ends_line(char32_t code) {
  return (code >= '\n' && code <= '\r') || (code >= 0x1C && code <= 0x1E) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

}  // namespace

std::vector<TextSpan> lines_of(std::string_view text, bool keep_ends) {
  std::vector<TextSpan> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text, i);
    std::size_t next = i + character.size;
    if (ends_line(character.code)) {
      if (character.code == '\r' && next < text.size() && text[next] == '\n') ++next;
      lines.push_back({begin, keep_ends ? next : i});
      begin = next;
    }
    i = next;
  }
  if (begin < text.size()) lines.push_back({begin, text.size()});
  return lines;
}

MarkedText replaced(Budget& budget, const MarkedText& text, const MarkedText& old, const MarkedText& by, std::int64_t most) {
  budget.spend_search(text.size(), old.size());
  TextBuilder out(budget);
  std::size_t begin = 0;
  if (old.text.empty()) {
    for (; most != 0 && begin <= text.size(); --most) {
      out.add(by);
      if (begin == text.size()) return out.finish();
      const std::size_t end = begin + utf8_size(text.text[begin]);
      out.add(text, begin, end);
      begin = end;
    }
  } else {
    for (; most != 0; --most) {
      const std::size_t at = text.text.find(old.text, begin);
      if (at == std::string::npos) break;
      out.add(text, begin, at);
      out.add(by);
      begin = at + old.size();
    }
  }
  out.add(text, begin, text.size());
  return out.finish();
}

}  // namespace omma::jinja
