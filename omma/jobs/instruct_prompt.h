// What a teacher is told: the rules of a kind of instruction data, examples, and a picture as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/picture_text.h"
#include "omma/jobs/teacher.h"

namespace omma {

// Conversations are made from captions alone, as the authors of LLaVA released theirs.
PictureParts parts_of(InstructKind kind);

// The rules, the examples each as a user's and an assistant's message, and the picture.
std::vector<ChatMessage> instruct_prompt(InstructKind kind, const std::string& picture_text);

// What a detailed description answers, for data that are made; one by the seed.
std::string_view detail_request(std::uint64_t seed);

}  // namespace omma
