// Names of checkpoints and of the module.
#pragma once

#include <optional>
#include <string>

#include "omma/io/tensor_file.h"
#include "omma/models/grounding_dino/config.h"
#include "omma/nn/weights.h"

namespace omma::grounding_dino {

// transformers' files: the module's own names, with tied weights perhaps under several.
KeyTable checkpoint_keys(const Config& config);

// The authors' .pth files (IDEA-Research/GroundingDINO), whose names begin with `prefix`: see original_prefix().
KeyTable original_keys(const Config& config, const std::string& prefix);

// What stands before every name of an authors' file ("model.module.", "model.", ""); nullopt where it is none of theirs.
std::optional<std::string> original_prefix(const TensorFile& file);

}  // namespace omma::grounding_dino
