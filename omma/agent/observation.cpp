#include "omma/agent/observation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "omma/agent/ascii.h"
#include "omma/text/utf8.h"

namespace omma {

namespace {

constexpr std::string_view cut_note = " ... (cut)";

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Control characters, and those that render as nothing or turn the text around: they could hide a marker from a reader or from the
// check below.
bool is_hidden(char32_t code) {
  const bool control = (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0);
  const bool soft_hyphen = code == 0xAD;
  const bool zero_width = (code >= 0x200B && code <= 0x200F) || (code >= 0x2060 && code <= 0x2064) || code == 0xFEFF;
  const bool direction_or_line = (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return control || soft_hyphen || zero_width || direction_or_line;
}

// Bytes of the terminal's control sequence (ESC "[" parameters letter) at the front, 0 where there is none.
std::size_t control_sequence(std::string_view text) {
  if (!text.starts_with("\x1B[")) return 0;
  std::size_t end = 2;
  while (end < text.size() && text[end] >= 0x20 && text[end] < 0x40) ++end;
  return std::min(end + 1, text.size());
}

std::string clean_characters(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t skipped = control_sequence(text.substr(at)); skipped > 0) {
      at += skipped;
      continue;
    }
    const DecodedCharacter character = decode_utf8(text, at);
    if (!is_hidden(character.code)) append_utf8(clean, character.code);
    at += character.size;
  }
  return clean;
}

// The colon that follows the marker at the front, past blanks and emphasis; ASCII or full width.
struct Colon {
  std::size_t at = 0, length = 0;
};
std::optional<Colon> marker_colon(std::string_view text) {
  for (const std::string_view marker : react_markers) {
    if (!starts_with_ignoring_case(text, marker)) continue;
    std::size_t at = marker.size();
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '*' || text[at] == '_')) ++at;
    if (text.substr(at).starts_with(":")) return Colon{at, 1};
    if (text.substr(at).starts_with("\xEF\xBC\x9A")) return Colon{at, 3};
  }
  return std::nullopt;
}

// How chat templates mark their roles.
constexpr std::array<std::string_view, 9> tags = {"<|",       "|>",  "[INST]", "[/INST]",        "<<SYS>>",
                                                  "<</SYS>>", "<s>", "</s>",   "<start_of_turn>"};

std::string break_markers(std::string_view text) {
  std::string broken;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    const bool word_start = i == 0 || !is_alpha(text[i - 1]);
    if (const auto colon = word_start ? marker_colon(rest) : std::nullopt) {
      broken.append(rest.substr(0, colon->at)).append(" -");
      i += colon->at + colon->length;
      continue;
    }
    broken += text[i++];
    for (const std::string_view tag : tags) {
      if (!starts_with_ignoring_case(rest, tag)) continue;
      broken += ' ';
      break;
    }
  }
  return broken;
}

}  // namespace

std::string sanitise(std::string_view text, std::size_t max_bytes) {
  // Cut before the work so that a gigabyte costs nothing, and after it, since breaking markers adds a little.
  const bool long_before = text.size() > max_bytes;
  std::string safe = break_markers(clean_characters(text.substr(0, max_bytes)));
  if (!long_before && safe.size() <= max_bytes) return safe;
  std::size_t end = std::min(safe.size(), max_bytes - std::min(max_bytes, cut_note.size()));
  while (end > 0 && end < safe.size() && (static_cast<std::uint8_t>(safe[end]) & 0xC0) == 0x80) --end;
  safe.resize(end);
  return safe.append(cut_note.substr(0, max_bytes - end));
}

std::string sanitise_line(std::string_view text, std::size_t max_bytes) {
  std::string line(text.substr(0, max_bytes));
  std::replace_if(line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  std::string safe = sanitise(line, max_bytes);
  const auto first = safe.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return safe.substr(first, safe.find_last_not_of(' ') - first + 1);
}

}  // namespace omma
