// The words of the world's captions, questions, answers and web texts: a vocabulary for models trained on them.
#pragma once

#include <string>
#include <vector>

namespace omma {

// Each lower-case word and number once, in alphabetical order; found in the texts of scenes drawn with a fixed seed.
std::vector<std::string> world_text_words();

}  // namespace omma
