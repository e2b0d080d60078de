// Sine position embeddings of the DETR family. C channels a coordinate, even.
#pragma once

#include "omma/nn/tensor.h"

namespace omma {

// Coordinates [..., K] (0..1, or any scale) -> [..., K C]: each coordinate c becomes sin(2 pi c / temperature^(2i/C)) and cos of
// the same, interleaved. With K >= 2 the first two change places: the order is (y, x, w, h). Computed in float32.
Tensor sine_embedding(const Tensor& coordinates, int64_t channels, double temperature = 10000);

// The embedding of a feature map's cells: mask [B, H, W] bool, true = picture -> [B, H W, 2 C] float32, order (y, x). Coordinates
// count the picture's cells from 1 and are normalised by their number to 0..2 pi.
Tensor sine_embedding_of_grid(const Tensor& mask, int64_t channels, double temperature);

}  // namespace omma
