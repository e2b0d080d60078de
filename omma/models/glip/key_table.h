// Names of the authors' checkpoints and of the module.
#pragma once

#include <optional>
#include <string>

#include "omma/io/tensor_file.h"
#include "omma/models/glip/config.h"
#include "omma/nn/weights.h"

namespace omma::glip {

// The authors' .pth files, whose names begin with `prefix`: see original_prefix().
KeyTable original_keys(const Config& config, const std::string& prefix);

// What stands before every name of an authors' file ("model.module.", "model.", ...); nullopt where it is none of theirs.
std::optional<std::string> original_prefix(const TensorFile& file);

}  // namespace omma::glip
