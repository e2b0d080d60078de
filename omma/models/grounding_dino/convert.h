// Original Grounding DINO checkpoints to model directories.
#pragma once

#include <filesystem>
#include <optional>

namespace omma {

// Writes config.json, model.safetensors, the processor's and the tokenizer's files into the existing directory `to`.
//
// `from` is one of the authors' .pth files (IDEA-Research/GroundingDINO: Swin-T or Swin-B, told apart by their shapes), or a model
// directory. `config` is another config.json to use; tokenizer files beside it are copied, else those of bert-base-uncased in the
// Hugging Face cache. Throws std::invalid_argument naming what is missing.
void convert_grounding_dino(const std::filesystem::path& from, const std::filesystem::path& to,
                            const std::optional<std::filesystem::path>& config);

}  // namespace omma
