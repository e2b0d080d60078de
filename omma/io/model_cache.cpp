#include "omma/io/model_cache.h"

#include <cstdlib>

namespace omma {
namespace fs = std::filesystem;

fs::path user_cache_directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') return cache;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : ".") / ".cache";
}

fs::path model_cache_directory() { return user_cache_directory() / "omma" / "models"; }

std::optional<fs::path> find_in_model_cache(std::string_view name) {
  constexpr std::string_view no_letters("/\0", 2);
  if (name.empty() || name.front() == '.' || name.find_first_of(no_letters) != std::string_view::npos) return std::nullopt;
  const fs::path folder = model_cache_directory() / name;
  std::error_code error;
  const bool holds_anything = fs::is_directory(folder, error) && !fs::is_empty(folder, error);
  return holds_anything && !error ? std::optional(folder) : std::nullopt;
}

}  // namespace omma
