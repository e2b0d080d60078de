#include "omma/models/pullable.h"

#include <cstdlib>
#include <optional>

#include "omma/base/error.h"
#include "omma/base/json.h"
#include "omma/base/program_data.h"
#include "omma/io/model_cache.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

std::optional<fs::path> find_pull_directory() {
  if (const char* variable = std::getenv("OMMA_PULL"); variable != nullptr && *variable != '\0') return variable;
  return find_program_data("pull");
}

}  // namespace

fs::path PullableModel::file() const { return model_cache_directory() / name / fs::path(member).filename(); }

bool PullableModel::is_present() const {
  std::error_code error;
  const fs::path path = file();
  return fs::is_regular_file(path, error) && fs::file_size(path, error) == static_cast<std::uintmax_t>(bytes);
}

fs::path pull_directory() {
  const auto folder = find_pull_directory();
  check(folder.has_value(), "nothing that fetches models was found near the program: set OMMA_PULL");
  return *folder;
}

std::vector<PullableModel> pullable_models() {
  const auto folder = find_pull_directory();
  if (!folder) return {};
  const fs::path file = *folder / "models.json";
  const json table = read_json(file);
  check(table.is_object(), "{}: expected an object of models, got {}", file.string(), table.type_name());
  std::vector<PullableModel> models;
  for (const auto& [name, row] : table.items()) {
    models.push_back(read_config<PullableModel>(row, fmt::format("{}: {}", file.string(), name)));
    models.back().name = name;
  }
  return models;
}

}  // namespace omma
