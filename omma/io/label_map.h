// Label maps: pictures whose pixels are numbers, not colours.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "omma/io/image_file.h"

namespace omma {

// Rows from the top: pixel (x, y) is values[y width + x].
struct LabelMap {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> values;
};

// A PNG as it is stored: gray of up to 16 bits, the numbers of a palette's colours, or of 8-bit RGB red + 256 green + 65,536 blue,
// as COCO's panoptic labels have it; alpha and orientation are left unread. Throws std::invalid_argument beginning with `name` for
// another format and where decode_image() would.
LabelMap decode_label_map(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits = {});

LabelMap read_label_map(const std::filesystem::path& file, const ImageLimits& limits = {});

using PaletteColor = std::array<std::uint8_t, 3>;  // red, green, blue

// A PNG that reads back equal: the numbers of the palette's colours; without a palette gray of 8 bits, of 16 where a value is over
// 255. Throws std::invalid_argument for an empty map, a palette of over 256 colours, and values that are not in it or over 65,535.
std::vector<std::uint8_t> encode_label_map(const LabelMap& labels, std::span<const PaletteColor> palette = {});

}  // namespace omma
