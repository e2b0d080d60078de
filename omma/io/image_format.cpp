#include "omma/io/image_format.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "omma/io/file_magic.h"

namespace omma {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view format;
};

// In order: the first that fits wins.
constexpr std::array magics{
    Magic{0, "\xFF\xD8\xFF"sv, "JPEG"},
    Magic{0, "\x89PNG\r\n\x1A\n"sv, "PNG"},
    Magic{8, "WEBP"sv, "WebP"},
    Magic{0, "GIF8"sv, "GIF"},
    Magic{0, "BM"sv, "BMP"},
    Magic{0, "II*\0"sv, "TIFF"},
    Magic{0, "MM\0*"sv, "TIFF"},
    Magic{0, "II+\0"sv, "TIFF"},
    Magic{0, "MM\0+"sv, "TIFF"},
    Magic{4, "ftypavif"sv, "AVIF"},
    Magic{4, "ftypavis"sv, "AVIF"},
    Magic{4, "ftyphei"sv, "HEIC"},
    Magic{4, "ftyphev"sv, "HEIC"},
    Magic{4, "ftypmif1"sv, "HEIC"},
    Magic{4, "ftypmsf1"sv, "HEIC"},
    Magic{4, "ftyp"sv, "a video (MP4 or QuickTime)"},
    Magic{0, "\x1A\x45\xDF\xA3"sv, "a video (Matroska or WebM)"},
    Magic{8, "AVI "sv, "a video (AVI)"},
    Magic{0, "\xFF\x0A"sv, "JPEG XL"},
    Magic{4, "JXL \r\n"sv, "JPEG XL"},
    Magic{4, "jP  \r\n"sv, "JPEG 2000"},
    Magic{0, "\xFF\x4F\xFF\x51"sv, "JPEG 2000"},
    Magic{0, "\0\0\1\0"sv, "ICO"},
    Magic{0, "8BPS"sv, "PSD"},
    Magic{0, "%PDF"sv, "PDF"},
    Magic{0, "%!PS"sv, "PostScript"},
    Magic{128, "DICM"sv, "DICOM"},
    Magic{0, "\x76\x2F\x31\x01"sv, "OpenEXR"},
    Magic{0, "#?RADIANCE"sv, "Radiance HDR"},
    Magic{0, "qoif"sv, "QOI"},
};

constexpr std::string_view whitespace = " \t\r\n\f\v";

bool starts_without_case(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + ('a' - 'A')) : b);
         });
}

}  // namespace

std::string_view image_format(std::span<const std::uint8_t> bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto fits = [all](const Magic& magic) {
    return all.size() >= magic.offset && all.substr(magic.offset).starts_with(magic.bytes);
  };
  if (const auto* found = std::ranges::find_if(magics, fits); found != magics.end()) return found->format;
  std::string_view text = all.substr(0, 256);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(whitespace), text.size()));
  if (starts_without_case(text, "<svg") || starts_without_case(text, "<?xml")) return "SVG or XML";
  if (starts_without_case(text, "<!doctype html") || starts_without_case(text, "<html")) return "HTML";
  return describe_magic(bytes);
}

}  // namespace omma
