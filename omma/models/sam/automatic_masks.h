// Everything in a picture, as the authors' SamAutomaticMaskGenerator finds it (facebookresearch/segment-anything,
// automatic_mask_generator.py), without a mask of more than one point's batch decoded at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "omma/models/sam/predictor.h"
#include "omma/tasks/segmenter.h"
#include "omma/vision/image.h"

namespace omma::sam {

struct Crop {
  Box box;                 // pixels of the picture, whole
  int layer = 0;           // 0: the picture itself
  float edge_pixels = 20;  // a mask that ends so near to where the crop does is left to a neighbour
};

// The picture, then the crops of each layer, row by row within a column; with an enlargement the parts of part_sides() for a model
// of this frame, the largest first.
std::vector<Crop> crops_of(Size picture, int frame, const AutomaticMaskOptions& options);

// Middles of side x side cells, as shares of width and height, row by row.
std::vector<PointPrompt> point_grid(int side);

AutomaticMaskResult generate_masks(Predictor& predictor, const Image& image, const AutomaticMaskOptions& options,
                                   const std::function<void(std::int64_t, std::int64_t)>& progress);

}  // namespace omma::sam
