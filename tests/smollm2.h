// SmolLM2-135M-Instruct, which `make smollm2` fetches: tests that need it are skipped where it is not.
#pragma once

#include <filesystem>
#include <optional>

#include "omma/io/model_cache.h"

namespace omma::testing {

inline constexpr const char* kNoSmollm2 = "smollm2 is not here: make smollm2";

inline std::optional<std::filesystem::path> smollm2_file() {
  std::error_code error;
  std::filesystem::path file = model_cache_directory() / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  return std::filesystem::is_regular_file(file, error) ? std::optional(std::move(file)) : std::nullopt;
}

}  // namespace omma::testing
