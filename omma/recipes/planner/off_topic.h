// What people say to an agent that only looks at pictures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "omma/base/rng.h"

namespace omma {

inline constexpr const char* off_topic_answer = "I can only answer questions about the picture.";

// A sentence that no tool helps with: a greeting, a joke asked for, a question about the world, gibberish.
std::string off_topic_sentence(Rng& rng);

// All of them but the gibberish. {n}, {N}: a noun, one and many.
std::vector<std::string_view> off_topic_wordings();

}  // namespace omma
