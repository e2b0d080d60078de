// How everything in a picture is looked for: the flags of automatic masks.
#pragma once

#include <CLI/CLI.hpp>

#include "omma/tasks/segmenter.h"

namespace omma::app {

// By the published names, --points-per-side and the like.
void add_automatic_flags(CLI::App& command, AutomaticMaskOptions& options);

}  // namespace omma::app
