// What stands in the user's folders.
#pragma once

#include <filesystem>
#include <vector>

namespace omma {

// The files of a folder, sorted by path. Links are followed, wherever they lead; one that leads nowhere is listed, so that opening
// it tells so. Not listed are AppleDouble files ("._a.jpg"), which macOS leaves beside every file on a foreign disk. Throws
// std::invalid_argument where the folder cannot be read.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

// The same with all sub-folders. Throws std::invalid_argument for a link that leads back to a folder above it.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

}  // namespace omma
