// Parts of a picture.
#pragma once

#include <vector>

#include "omma/vision/boxes.h"
#include "omma/vision/image.h"
#include "omma/vision/resize.h"

namespace omma::sam {

Box whole_picture(Size picture);

// Of a box in whole pixels within the picture.
Image cropped(const Image& image, const Box& box);

// Whether a mask's box ends within `tolerance` pixels of where its part of the picture ends and the picture does not: a neighbour
// sees more of it.
bool is_cut_off(const Box& mask, const Box& part, Size picture, float tolerance);

// The sides of square parts, pixels of the picture: of `frame` / `enlargement`, which the model's frame shows enlarged so much,
// then twice that and so on, as long as a part is smaller than the picture.
std::vector<int> part_sides(Size picture, int frame, double enlargement);

// All parts of a side, which overlap by `overlap` of it at least; row by row.
std::vector<Box> parts_of(Size picture, int side, double overlap);

// Of the parts that overlap by half the one whose middle is nearest to a place.
Box part_around(float x, float y, int side, Size picture);

}  // namespace omma::sam
