// What a file is by its first bytes, for messages about files that are not what their name says.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace omma {

// "a zip archive", "a safetensors file", "a Git LFS pointer (the file itself was not downloaded)"; "a text file";
// "an unknown format" else.
std::string_view describe_magic(std::span<const std::uint8_t> bytes);

// The first 8 bytes are a plausible header length and JSON follows.
bool looks_like_safetensors(std::span<const std::uint8_t> bytes);

}  // namespace omma
