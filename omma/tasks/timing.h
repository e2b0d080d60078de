// Where the time of one prediction went.
#pragma once

#include <optional>

namespace omma {

// Milliseconds of wall time. `encode` is the picture's (and text's) encoder, `decode` what comes after it.
struct Timing {
  double preprocess = 0;
  double encode = 0;
  double decode = 0;
  std::optional<double> postprocess = {};  // the part of `decode` without the model, where it is told apart
};

}  // namespace omma
