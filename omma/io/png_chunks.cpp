#include "omma/io/png_chunks.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/error.h"
#include "omma/io/orientation_tags.h"

namespace omma {
namespace {

constexpr std::size_t longest_text = std::size_t{1} << 20;  // inflated

struct Chunk {
  std::string_view kind;  // "IHDR"
  std::string_view data;
};

// Takes the chunk at the front of `rest`; nothing behind the last one.
std::optional<Chunk> next_chunk(std::string_view& rest, std::string_view name) {
  constexpr std::size_t head = 8, checksum = 4;
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (rest.size() < head || !std::ranges::all_of(rest.substr(4, 4), is_letter)) return std::nullopt;
  std::uint32_t size = 0;
  for (const char byte : rest.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(byte);
  const Chunk chunk{rest.substr(4, 4), rest.substr(head, size)};
  check(chunk.data.size() == size, "{}: PNG: the file is truncated: its chunk {} has {} of {} bytes", name, chunk.kind,
        chunk.data.size(), size);
  rest.remove_prefix(std::min(rest.size(), head + size + checksum));
  return chunk;
}

// Up to the next zero, which is taken, too; all where there is none.
std::string_view take_field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

std::string inflated(std::string_view data) {
  std::string text(longest_text, '\0');
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return "";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int status = inflate(&stream, Z_FINISH);
  text.resize(status == Z_STREAM_END ? stream.total_out : 0);
  inflateEnd(&stream);
  return text;
}

// The text of a tEXt, zTXt or iTXt chunk; "" where it is malformed.
std::string text_of(const Chunk& chunk) {
  std::string_view rest = chunk.data;
  take_field(rest);  // the keyword
  if (chunk.kind == "tEXt") return std::string(rest);
  const bool international = chunk.kind == "iTXt";
  if (rest.size() < (international ? 2 : 1)) return "";
  const bool compressed = !international || rest[0] != 0;
  rest.remove_prefix(international ? 2 : 1);  // the flag, and the method, of which there is one
  if (international) {
    take_field(rest);  // language
    take_field(rest);  // the keyword in it
  }
  return compressed ? inflated(rest) : std::string(rest);
}

// "\nexif\n    1234\n" and lines of hexadecimal digits; empty where it is anything else.
std::vector<std::uint8_t> raw_profile(std::string_view text) {
  for (int line = 0; line < 3; ++line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  std::vector<std::uint8_t> bytes;
  int half = -1;
  for (const char c : text) {
    if (c == '\n' || c == ' ') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return {};
    if (half >= 0) bytes.push_back(static_cast<std::uint8_t>(half << 4 | digit));
    half = half >= 0 ? -1 : digit;
  }
  return bytes;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

int png_orientation(std::span<const std::uint8_t> bytes, std::string_view name) {
  constexpr std::size_t signature = 8;
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  rest.remove_prefix(std::min(signature, rest.size()));
  std::optional<Chunk> exif, profile, xmp;
  while (const std::optional<Chunk> chunk = next_chunk(rest, name)) {
    if (chunk->kind == "IEND") break;
    if (chunk->kind == "eXIf") exif = chunk;
    if (chunk->kind != "tEXt" && chunk->kind != "zTXt" && chunk->kind != "iTXt") continue;
    std::string_view text = chunk->data;
    const std::string_view keyword = take_field(text);
    if (keyword == "Raw profile type exif") profile = chunk;
    if (keyword == "XML:com.adobe.xmp") xmp = chunk;
  }
  const std::string packet = xmp ? text_of(*xmp) : "";
  if (exif) return stored_orientation(bytes_of(exif->data), packet);
  return stored_orientation(profile ? raw_profile(text_of(*profile)) : std::vector<std::uint8_t>(), packet);
}

}  // namespace omma
