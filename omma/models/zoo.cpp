#include "omma/models/zoo.h"

#include <algorithm>
#include <cstdlib>

#include "omma/base/error.h"
#include "omma/io/hub_cache.h"

namespace omma {
namespace fs = std::filesystem;

namespace {

std::optional<fs::path> find_zoo() {
  if (const char* variable = std::getenv("OMMA_ZOO"); variable != nullptr && *variable != '\0') {
    check(fs::is_directory(variable), "OMMA_ZOO: expected a directory, got \"{}\"", variable);
    return variable;
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (const fs::path installed = program / "../share/omma/zoo"; fs::is_directory(installed)) return fs::weakly_canonical(installed);
  for (fs::path folder = program; folder.has_relative_path(); folder = folder.parent_path())
    if (fs::is_directory(folder / "zoo") && fs::is_regular_file(folder / "CMakeLists.txt")) return folder / "zoo";
  return std::nullopt;
}

}  // namespace

fs::path zoo_directory() {
  const auto zoo = find_zoo();
  check(zoo.has_value(), "no zoo of embedded models found near the program: set OMMA_ZOO");
  return *zoo;
}

std::vector<fs::path> zoo_models() {
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(zoo_directory()))
    if (fs::is_regular_file(entry.path() / "config.json")) models.push_back(entry.path());
  std::sort(models.begin(), models.end());
  return models;
}

std::optional<fs::path> find_zoo_model(std::string_view name) {
  const auto zoo = find_zoo();
  return zoo && fs::is_regular_file(*zoo / name / "config.json") ? std::optional(*zoo / name) : std::nullopt;
}

fs::path find_model(std::string_view name) {
  check(!name.empty(), "model: expected a directory or an ID, got an empty name");
  if (fs::is_directory(name)) return name;
  if (name.find('/') == std::string_view::npos) {
    if (const auto model = find_zoo_model(name)) return *model;
  } else if (const auto cached = find_in_hub_cache(name)) {
    return *cached;
  }
  fail("model \"{}\": no such directory, not in the zoo ({}) and not in the Hugging Face cache; fetch it with: hf download {}",
       name, zoo_directory().string(), name);
}

}  // namespace omma
