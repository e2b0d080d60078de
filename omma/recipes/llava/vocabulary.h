// The words of a small LLaVA that speaks of the picture-book world.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "omma/base/json.h"
#include "omma/recipes/llava/dialogue.h"

namespace omma {

inline constexpr std::string_view llava_end_token = "</s>";

// A tokenizer.json with the words of the world's dialogues as `form` writes them, `more` words, "</s>" and "<image>".
json llava_world_tokenizer(const DialogueForm& form, std::span<const std::string> more = {});

}  // namespace omma
