#include "omma/models/zoo.h"

#include <algorithm>
#include <cstdlib>

#include "omma/base/did_you_mean.h"
#include "omma/base/error.h"
#include "omma/base/program_data.h"
#include "omma/io/hub_cache.h"
#include "omma/io/model_cache.h"
#include "omma/models/pullable.h"

namespace omma {
namespace fs = std::filesystem;

namespace {

std::optional<fs::path> find_zoo() {
  if (const char* variable = std::getenv("OMMA_ZOO"); variable != nullptr && *variable != '\0') {
    check(fs::is_directory(variable), "OMMA_ZOO: expected a directory, got \"{}\"", variable);
    return variable;
  }
  return find_program_data("zoo");
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
  if (name.starts_with("zoo/")) name.remove_prefix(4);
  if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
  const auto zoo = find_zoo();
  return zoo && fs::is_regular_file(*zoo / name / "config.json") ? std::optional(*zoo / name) : std::nullopt;
}

fs::path find_model(std::string_view name) {
  check(!name.empty(), "model: expected a directory or an ID, got an empty name");
  if (fs::is_directory(name) || (name.ends_with(".gguf") && fs::is_regular_file(name))) return name;
  check(!name.ends_with(".gguf"), "model \"{}\": no such file", name);
  if (const auto model = find_zoo_model(name)) return *model;
  if (const auto fetched = find_in_model_cache(name)) return *fetched;
  const bool is_id = std::ranges::count(name, '/') == 1 && !name.starts_with("zoo/") && name.find_first_of("./") != 0;
  if (is_id) {
    if (const auto cached = find_in_hub_cache(name)) return *cached;
    fail("model \"{}\": no such directory, and not in the Hugging Face cache; fetch it with: hf download {}", name, name);
  }
  std::vector<std::string> names;
  for (const PullableModel& model : pullable_models()) {
    if (model.name == name)
      fail("model \"{}\": no such directory, and not in {}; fetch it with: {}", name, model_cache_directory().string(),
           model.pull_command());
    names.push_back(model.name);
  }
  const auto zoo = find_zoo();
  if (zoo)
    for (const fs::path& model : zoo_models()) names.push_back(model.filename().string());
  fail("model \"{}\": no such directory, and not in the zoo ({}){}", name, zoo ? zoo->string() : "none found: set OMMA_ZOO",
       did_you_mean(name.substr(name.find('/') + 1), names));
}

}  // namespace omma
