// What tools/parity/tokenizer.py recorded of the `tokenizers` library.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace omma::testing {

inline std::filesystem::path tokenizer_references() {
  const char* root = std::getenv("OMMA_PARITY_DIR");
  return std::filesystem::path(root != nullptr ? root : "build/parity") / "tokenizers";
}

}  // namespace omma::testing
