// Byte-level BPE's alphabet: a printable character for each byte (OpenAI's GPT-2, bytes_to_unicode).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omma {

// Printable bytes stand for themselves, the others for U+0100 and after, in order: "Ġ" (U+0120) is the space.
char32_t byte_character(std::uint8_t byte);

// The bytes a token of such characters stands for; nullopt where it has any other character.
std::optional<std::string> bytes_of_characters(std::string_view token);

}  // namespace omma
