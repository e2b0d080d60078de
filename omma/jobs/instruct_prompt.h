// What a teacher is told: the rules of a kind of instruction data, examples, and a picture as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/instruct_kind.h"
#include "omma/jobs/teacher.h"

namespace omma {

// The rules, the examples each as a user's and an assistant's message, and the picture.
std::vector<ChatMessage> instruct_prompt(InstructKind kind, const std::string& picture_text);

}  // namespace omma
