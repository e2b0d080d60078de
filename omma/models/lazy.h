// Models that are there when they are needed: their weights are read when they are first called.
#pragma once

#include <filesystem>
#include <memory>

#include "omma/models/registry.h"

namespace omma {

// As load_captioner(), load_answerer() and load_segmenter(). Whether the directory holds a model for the task is checked at once;
// what else may be wrong with it is thrown by the first call.
std::unique_ptr<Captioner> load_captioner_lazily(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<Answerer> load_answerer_lazily(const std::filesystem::path& directory, const LoadOptions& options = {});
std::unique_ptr<Segmenter> load_segmenter_lazily(const std::filesystem::path& directory, const LoadOptions& options = {});

}  // namespace omma
