// The three kinds of instruction data that LLaVA's authors made (Liu et al. 2023, section 3).
#pragma once

#include <cstdint>
#include <string_view>

#include "omma/data/picture_text.h"

namespace omma {

enum class InstructKind {
  conversation,  // rounds about what can be said for certain; from captions alone
  detail,        // a full description; from captions and boxes
  reasoning,     // a question that reveals nothing, and an answer that argues; from captions and boxes
};
inline constexpr int instruct_kind_count = 3;
std::string_view name_of(InstructKind kind);
InstructKind parse_instruct_kind(std::string_view name);  // throws std::invalid_argument that lists them

// What its teacher is told of a picture. Conversations are made from captions alone, as the authors of LLaVA released theirs.
PictureParts parts_of(InstructKind kind);

// What a detailed description answers, for data that are made; one by the seed.
std::string_view detail_request(std::uint64_t seed);

}  // namespace omma
