// Tools that fail now and then, as those of the world outside do.
#pragma once

#include "omma/agent/tool.h"
#include "omma/base/rng.h"

namespace omma {

// The same tools; each call fails with probability `rate` and else does what it did. What fails is decided by `rng`.
Toolbox with_failures(const Toolbox& tools, double rate, const Rng& rng);

}  // namespace omma
