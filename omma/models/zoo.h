// Where models are found: a path, the embedded zoo, what was fetched, the Hugging Face cache.
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

// A model from what a user names it by, looked for in this order: the path of a directory or of a .gguf file; NAME or zoo/NAME of
// the zoo, wherever the program is called; NAME in model_cache_directory(); an ID in the Hugging Face cache. Throws
// std::invalid_argument, which tells the command that would fetch an absent ID or a model that can be pulled.
std::filesystem::path find_model(std::string_view name);

}  // namespace omma
