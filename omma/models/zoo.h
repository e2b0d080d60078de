// Where models are found: the embedded zoo, a directory, the Hugging Face cache.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// The folder of embedded models: $OMMA_ZOO, else share/omma/zoo beside the running program's bin, else the zoo of the checkout the
// program was built in, wherever that tree has moved. Throws std::invalid_argument where there is none.
std::filesystem::path zoo_directory();

// Directories in the zoo that hold a config.json, sorted by name.
std::vector<std::filesystem::path> zoo_models();

// The model of this name in the zoo; nothing where the zoo, if there is one, has none.
std::optional<std::filesystem::path> find_zoo_model(std::string_view name);

// A model's directory from what a user names it by: a path, the name of a zoo model, or an ID in the Hugging Face cache. Throws
// std::invalid_argument that prints the command that would fetch an absent ID.
std::filesystem::path find_model(std::string_view name);

}  // namespace omma
