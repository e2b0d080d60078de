// atlas/glyphs.png, built into the library.
#pragma once

#include <cstdint>
#include <span>

namespace omma {

std::span<const std::uint8_t> atlas_bytes();

}  // namespace omma
