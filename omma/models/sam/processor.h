// How a picture comes into SAM's square frame and masks come out of it.
#pragma once

#include "omma/base/json.h"
#include "omma/models/sam/config.h"
#include "omma/models/sam/viewing.h"
#include "omma/nn/image_processor.h"

namespace omma::sam {

// The longer side to image_size, bilinear, zeros at the right and bottom.
ImageProcessorConfig image_processor(const Config& config);

// preprocessor_config.json as transformers' SamImageProcessor reads it, and how the model looks where that is not the usual way.
json write_processor(const ImageProcessorConfig& processor, const Config& config, const Viewing& viewing = {});

}  // namespace omma::sam
