// Names of checkpoints and of the module.
#pragma once

#include "omma/io/tensor_file.h"
#include "omma/nn/weights.h"

namespace omma::sam {

// transformers' files: the module's own names; the positional encoding may be there a second time.
KeyTable checkpoint_keys();

// The authors' files: facebookresearch/segment-anything's .pth, ChaoningZhang/MobileSAM's .pt.
KeyTable original_keys(const TensorFile& file);

bool is_original(const TensorFile& file);

}  // namespace omma::sam
