// Numbers of labels: the size of a picture as its labels have it, and as it is; boxes. Not part of the interface.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "omma/base/json.h"
#include "omma/data/detection_dataset.h"
#include "omma/io/image_file.h"

namespace omma {

// x0, y0, x1, y1 or whatever the format's four numbers mean; nothing unless there are four finite ones.
std::optional<std::array<double, 4>> four_numbers(const json& list);

// The box of four such numbers, x, y, width and height.
std::optional<Box> box_of_sides(const json& list);

// A side of a picture as a label gives it, a number or a text; 0 where that is no whole number of 1 to 65,535.
int picture_side(const json& value);

enum class SizeMatch {
  same,
  near,  // turned by a quarter, as tools write that do not know EXIF, or off by a pixel or two: the boxes fit the upright picture
  different,  // of another picture, or of this one at another scale: the boxes fit nothing
};
SizeMatch compare_sizes(ImageSize labels, ImageSize picture);

// "the labels say 8 x 6, the picture is 6 x 9"
std::string size_message(ImageSize labels, ImageSize picture);

// The box clipped to the picture; nothing where that has no area.
std::optional<Box> clipped(const Box& box, ImageSize picture);

// Gives the sample its picture's size and clips its boxes to it; those without area go.
void set_picture_size(DetectionSample& sample, ImageSize size);

}  // namespace omma
