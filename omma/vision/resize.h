// Resizing as Pillow does it, bit for bit.
#pragma once

#include "omma/vision/image.h"

namespace omma {

enum class Resample { nearest, bilinear, bicubic, lanczos };

// What Pillow's Image.resize((width, height), resample) gives for an 8-bit RGB picture, to the last bit: separable, antialiased
// when shrinking, in 22-bit fixed point, across then down or the other way round (Pillow 13.0, src/libImaging/Resample.c), on
// `threads` threads, on which nothing depends. Throws std::invalid_argument for an empty image or a side below 1.
Image resize(const Image& image, int width, int height, Resample resample, int threads = 1);

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

// The size that brings the shorter side to `shortest`, the longer one rounded down: CLIP's processor (transformers 5.23,
// get_resize_output_image_size). Throws std::invalid_argument for a side or a limit below 1, and where the longer side would pass
// 2^24.
Size clip_size(Size image, int shortest);

// The size that brings the shorter side to `shortest`, or less where the longer side would pass `longest`: the rounding of
// transformers 5.23's get_size_with_aspect_ratio, which DETR's and Grounding DINO's processors use. No side comes out below 1
// (there the reference fails). Throws std::invalid_argument for a side or a limit below 1.
Size detr_size(Size image, int shortest, int longest);

// The same but for its rounding: the longer side follows from the shorter one as that is rounded, and is cut down, so that it may
// pass `longest` by some pixels (maskrcnn-benchmark's Resize, which GLIP has). Throws likewise.
Size mask_rcnn_size(Size image, int shortest, int longest);

// The size that brings the longer side to `longest`, the shorter one rounded to nearest, of half a pixel up: SAM's processor (the
// authors' ResizeLongestSide, transformers 5.23's SamImageProcessor). No side comes out below 1 (there the references fail). Throws
// std::invalid_argument for a side or a limit below 1.
Size longest_side_size(Size image, int longest);

// The middle of a picture, with black around it where the picture is smaller (transformers 5.23, center_crop: of an odd pixel too
// many or too few, the far side has it). Throws std::invalid_argument for an empty image or a side below 1.
Image center_crop(const Image& image, Size size);

}  // namespace omma
