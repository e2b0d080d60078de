// The files that come with the program: zoo, recipes, fonts.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace omma {

// The folder `name` of the running program's own data: share/omma/NAME beside its bin, else NAME in the checkout that it was built
// in, wherever that tree has moved; nothing where neither is there.
std::optional<std::filesystem::path> find_program_data(std::string_view name);

}  // namespace omma
