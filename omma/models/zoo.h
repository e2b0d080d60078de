// Where models are found: the embedded zoo, a directory, the Hugging Face cache.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// The folder of embedded models: $OMMA_ZOO, else the zoo of the installation or of the checkout that the program runs from
// (find_program_data). Throws std::invalid_argument where there is none.
std::filesystem::path zoo_directory();

// Directories in the zoo that hold a config.json, sorted by name.
std::vector<std::filesystem::path> zoo_models();

// The model NAME or zoo/NAME in the zoo; nothing where the zoo, if there is one, has none.
std::optional<std::filesystem::path> find_zoo_model(std::string_view name);

// A model's directory from what a user names it by: a path, NAME or zoo/NAME of the zoo wherever the program is called, or an ID
// in the Hugging Face cache. Throws std::invalid_argument that prints the command that would fetch an absent ID.
std::filesystem::path find_model(std::string_view name);

}  // namespace omma
