// MobileSAM's own files: the names and the sizes of their picture encoder.
#pragma once

#include "omma/io/tensor_file.h"
#include "omma/models/sam/tiny_vit.h"
#include "omma/nn/weights.h"

namespace omma::sam {

// From "image_encoder.**", as the authors' .pt has the picture encoder, to "vision_encoder.**".
void add_tiny_vit_keys(KeyTable& table);

// Whether the picture encoder of an authors' file is a TinyViT.
bool has_tiny_vit(const TensorFile& file);

// What the shapes of an authors' file tell of its picture encoder: all but the picture's size and the strides, which are
// MobileSAM's. Throws std::invalid_argument where it holds no whole encoder.
TinyVitConfig tiny_vit_config_of(const TensorFile& file);

}  // namespace omma::sam
