#include "omma/io/hub_cache.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/model_cache.h"
#include "omma/io/quote.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t longest_id = 96;  // as huggingface_hub's validate_repo_id has it

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && std::ranges::all_of(name, allowed) && name.front() != '-' && name.front() != '.' && name.back() != '-' &&
         name.back() != '.' && name.find("--") == std::string_view::npos && name.find("..") == std::string_view::npos;
}

struct RepositoryId {
  bool has_owner;
  std::string_view owner, name;

  explicit RepositoryId(std::string_view id)
      : has_owner(id.find('/') != std::string_view::npos),
        owner(has_owner ? id.substr(0, id.find('/')) : ""),
        name(has_owner ? id.substr(id.find('/') + 1) : id) {}
  bool is_valid() const {
    return owner.size() + name.size() + (has_owner ? 1 : 0) <= longest_id && is_name(name) && (!has_owner || is_name(owner));
  }
};

bool is_commit(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_letter_or_digit);
}

}  // namespace

fs::path hub_cache_directory() {
  if (const char* cache = environment("HF_HUB_CACHE")) return cache;
  if (const char* home = environment("HF_HOME")) return fs::path(home) / "hub";
  return user_cache_directory() / "huggingface" / "hub";
}

bool is_repository_id(std::string_view name) {
  const RepositoryId id(name);
  return id.has_owner && id.is_valid();
}

std::optional<fs::path> find_in_hub_cache(std::string_view repo_id) {
  const auto [has_owner, owner, name] = RepositoryId(repo_id);
  if (!RepositoryId(repo_id).is_valid()) fail("expected a repository id like \"org/name\", found {}", quote(repo_id));

  const fs::path repository = hub_cache_directory() / fmt::format("models--{}{}{}", owner, has_owner ? "--" : "", name);
  const fs::path main = repository / "refs" / "main";
  std::error_code error;
  if (!fs::is_regular_file(main, error)) return std::nullopt;
  std::string commit = read_file(main, 256);
  while (commit.ends_with('\n') || commit.ends_with('\r') || commit.ends_with(' ')) commit.pop_back();
  if (!is_commit(commit)) fail("{}: expected a commit id, found {}", main.string(), quote(commit));
  const fs::path snapshot = repository / "snapshots" / commit;
  return fs::is_directory(snapshot, error) ? std::optional(snapshot) : std::nullopt;
}

}  // namespace omma
