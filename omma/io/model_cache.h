// Models that are kept for the user, as `omma pull` fetches them. Nothing is fetched here.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace omma {

// Where programs keep what they can fetch again: $XDG_CACHE_HOME, else ~/.cache.
// https://specifications.freedesktop.org/basedir-spec
std::filesystem::path user_cache_directory();

// omma/models in it: a folder for each model.
std::filesystem::path model_cache_directory();

// The folder NAME in it, where that holds anything. Names alone are looked for: nullopt for one with a "/", or a "." at its front.
std::optional<std::filesystem::path> find_in_model_cache(std::string_view name);

}  // namespace omma
