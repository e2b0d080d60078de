#include "omma/io/file_magic.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace omma {
namespace {

using namespace std::string_view_literals;

struct FileMagic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view description;
};

constexpr std::array file_magics = {
    FileMagic{0, "PK\x03\x04"sv, "a zip archive"sv},
    FileMagic{0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive"sv},
    FileMagic{257, "ustar"sv, "a tar archive"sv},
    FileMagic{0, "\x1f\x8b"sv, "a gzip file"sv},
    FileMagic{0, "\x28\xb5\x2f\xfd"sv, "a zstd file"sv},
    FileMagic{0, "GGUF"sv, "a GGUF file"sv},
    FileMagic{0, "lmgg"sv, "a GGML file of before GGUF"sv},
    FileMagic{0, "fmgg"sv, "a GGML file of before GGUF"sv},
    FileMagic{0, "tjgg"sv, "a GGML file of before GGUF"sv},
    FileMagic{0, "\x89HDF\r\n"sv, "an HDF5 file"sv},
    FileMagic{0, "\x93NUMPY"sv, "a NumPy file"sv},
    FileMagic{0, "version https://git-lfs"sv, "a Git LFS pointer (the file itself was not downloaded)"sv},
    FileMagic{0, "<!DOCTYPE"sv, "an HTML page (a failed download?)"sv},
    FileMagic{0, "<!doctype"sv, "an HTML page (a failed download?)"sv},
    FileMagic{0, "<html"sv, "an HTML page (a failed download?)"sv},
    FileMagic{0, "\x80\x02"sv, "a Python pickle"sv},
    FileMagic{0, "\x80\x03"sv, "a Python pickle"sv},
    FileMagic{0, "\x80\x04"sv, "a Python pickle"sv},
    FileMagic{0, "\x80\x05"sv, "a Python pickle"sv},
};

}  // namespace

bool looks_like_safetensors(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 10) return false;
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header >= 2 && header <= bytes.size() - 8 && bytes[8] == '{';
}

std::string_view describe_magic(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return "an empty file";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const FileMagic& magic : file_magics)
    if (text.size() >= magic.offset && text.substr(magic.offset).starts_with(magic.bytes)) return magic.description;
  if (looks_like_safetensors(bytes)) return "a safetensors file";
  const auto is_text = [](char c) { return (c >= ' ' && c < 0x7F) || (c >= '\t' && c <= '\r'); };
  if (std::ranges::all_of(text.substr(0, 256), is_text)) return "a text file";
  return "an unknown format";
}

}  // namespace omma
