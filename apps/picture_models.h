// The models that the agent's tools look with, as the command line names them.
#pragma once

#include <string>

#include "apps/command.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/base/output_paths.h"

namespace omma::app {

struct PictureModelOptions {
  std::string detector;                        // "": the zoo's
  std::string captioner, answerer, segmenter;  // "": the zoo's, where it has one
};

// --detector, --captioner, --answerer, --segmenter.
void add_picture_model_flags(CLI::App& command, PictureModelOptions& options);

// Their directories.
void add_inputs(InputPaths& inputs, const PictureModelOptions& options);

// All but the detector are read when a tool first calls them: a question that needs none does not wait for them.
PictureModels open_picture_models(const PictureModelOptions& options, const LoadOptions& load);

}  // namespace omma::app
