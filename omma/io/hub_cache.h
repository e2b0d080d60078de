// Models that Hugging Face tools have already downloaded. Nothing is fetched here.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace omma {

// Where the cache is: $HF_HUB_CACHE, else $HF_HOME/hub, else huggingface/hub in user_cache_directory().
std::filesystem::path hub_cache_directory();

// Whether it is an id with an owner, "ORG/NAME".
bool is_repository_id(std::string_view name);

// The newest snapshot of the repository's main branch, as `hf download` leaves it: models--ORG--NAME/snapshots/COMMIT, COMMIT from
// refs/main. nullopt where the cache does not have it. `repo_id` is "ORG/NAME" or "NAME"; std::invalid_argument for anything
// that is no repository id (characters other than letters, digits, "-", "_" and ".", over 96 characters, "..", "--").
// https://huggingface.co/docs/huggingface_hub/guides/manage-cache
std::optional<std::filesystem::path> find_in_hub_cache(std::string_view repo_id);

}  // namespace omma
