// From the decoder's small masks to those of the picture, row by row: what two bilinear resizings and three comparisons of whole
// pictures would give, without a picture of logits being there.
#pragma once

#include <span>

#include "omma/tasks/segmenter.h"
#include "omma/vision/resize.h"

namespace omma::sam {

// How a picture lies in the model's square frame.
struct FrameGeometry {
  int side = 0;  // of the frame, pixels
  Size filled;   // what the picture fills of it, at the top left
  Size picture;  // its own size
};

// The mask of logits [logits_side, logits_side]: bilinear to the frame, cut to what is filled, bilinear to the picture (both as
// PyTorch's interpolate without align_corners), set above 0. Its stability is the IoU of the masks cut off `stability_offset` above
// and below 0. `logits` and predicted_iou are left to the caller. Thread-safe.
SegmentedMask picture_mask(std::span<const float> logits, int logits_side, const FrameGeometry& geometry, float stability_offset);

}  // namespace omma::sam
