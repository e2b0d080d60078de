// LLaVA-NeXT's any resolution (Liu et al. 2024): beside the whole picture, parts of it in a grid chosen by its shape.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/models/llava/config.h"
#include "omma/nn/tensor.h"
#include "omma/vision/image.h"
#include "omma/vision/resize.h"

namespace omma {

// Of the sizes, the one in which the picture, scaled to fit, has most pixels, though never more than its own; of equals the one
// with the least left over, then the first.
Size best_fit(Size picture, const std::vector<Size>& sizes);

// How a picture's parts become tokens.
struct PartLayout {
  Size canvas = {};                                  // pixels of all parts together
  Size filled = {};                                  // pixels of the picture scaled into its middle
  int64_t rows = 0, columns = 0;                     // parts
  int64_t grid = 0;                                  // tokens a side of a part
  int64_t view_tokens = 0;                           // of the whole picture's view
  int64_t top = 0, bottom = 0, left = 0, right = 0;  // token rows and columns of padding, which are left out

  int64_t token_rows() const { return rows * grid - top - bottom; }
  int64_t token_columns() const { return columns * grid - left - right; }
  // The whole picture's, then those of the parts, with one more at the end of each row.
  int64_t tokens() const { return view_tokens + token_rows() * (token_columns() + 1); }
};
PartLayout part_layout(const LlavaConfig& config, Size picture);

// The picture scaled into the middle of the canvas, black around it, cut into parts row by row.
std::vector<Image> cut_parts(const Image& image, const PartLayout& layout, int side, Resample resample, int threads);

// Tokens [1 + rows columns, S', C] of the whole and of the parts -> [F, C]: the whole's, then the parts' row by row over all of
// them, without padding, `newline` [C] behind each row.
Tensor join_parts(const Tensor& tokens, const PartLayout& layout, const Tensor& newline);

}  // namespace omma
