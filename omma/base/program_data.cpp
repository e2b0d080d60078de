#include "omma/base/program_data.h"

namespace omma {
namespace fs = std::filesystem;

std::optional<fs::path> find_program_data(std::string_view name) {
  std::error_code error;
  const fs::path bin = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (const fs::path installed = bin.parent_path() / "share/omma" / name; fs::is_directory(installed, error)) return installed;
  for (fs::path folder = bin; folder.has_relative_path(); folder = folder.parent_path())
    if (fs::is_directory(folder / name, error) && fs::is_regular_file(folder / "CMakePresets.json", error)) return folder / name;
  return std::nullopt;
}

}  // namespace omma
