// Adapters of models (nn/peft.h) as directories.
#pragma once

#include <filesystem>
#include <string>

namespace omma {

// Whether the directory holds no model but an adapter of one.
bool is_adapter(const std::filesystem::path& directory);

// Writes the model directory of a base with an adapter in its weights (nn/peft.h): in everything else it is the base's. `base` is
// what find_model() finds, or an original checkpoint file that convert_model() takes; "": what the adapter names. `to` is as there.
void merge_model(const std::filesystem::path& adapter, const std::filesystem::path& to, const std::string& base = "");

}  // namespace omma
