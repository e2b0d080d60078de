// A teacher without a language model: the world's own rules, applied to nothing but the text that any teacher is given
// (picture_text.h). What that text does not tell, it does not know: of captions alone no place that they do not name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/instruction_round.h"

namespace omma {

// Three to five rounds about what there is and surely is not, how many, of which colour, and how things stand to each other. Empty
// where the captions tell nothing in the world's words. Pairs of a colour and a name that are held out (split.h) are named only
// where the text names them. Each of these functions draws its words from the seed.
std::vector<InstructionRound> oracle_conversation(std::string_view picture_text, std::uint64_t seed);

// Two rounds about names that are surely not there, first about those whose partners (partners.h) are. Empty without boxes of the
// world's names.
std::vector<InstructionRound> oracle_denials(std::string_view picture_text, std::uint64_t seed);

// Up to three rounds about names that are there and as many about names that surely are not, in any order. Empty without boxes of
// the world's names.
std::vector<InstructionRound> oracle_existence(std::string_view picture_text, std::uint64_t seed);

// All objects with colour and place, and how some stand to each other; "" without boxes of the world's names.
std::string oracle_detail(std::string_view picture_text, std::uint64_t seed);

// A question that tells nothing about the picture, and an answer that argues from what is seen. Empty texts without boxes.
InstructionRound oracle_reasoning(std::string_view picture_text, std::uint64_t seed);

}  // namespace omma
