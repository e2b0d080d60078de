// What a model found in a picture, as a line of a job's records and as annotation files are written from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/vision/boxes.h"
#include "omma/vision/mask_json.h"

namespace omma {

struct AnnotatedObject {
  int class_index = 0;                             // into the set's classes
  Box box = {};                                    // pixels, inside the picture
  std::optional<RunLengths> mask = {};             // of the picture's size
  std::optional<float> score = {};                 // the detector's
  std::optional<float> predicted_iou = {};         // the segmenter's
  std::optional<float> stability = {};             // likewise
  std::optional<std::array<float, 2>> point = {};  // that the mask answers
  std::optional<Box> crop_box = {};                // of the picture, in which the mask was found
};

struct AnnotatedPicture {
  std::int64_t index = 0;  // its place in the list of all pictures: what numbers in files are made of
  std::string file_name;   // of the picture, as label files are to name it
  std::string name;        // of its results, see result_names()
  int width = 0, height = 0;
  std::vector<AnnotatedObject> objects = {};
};

json to_json(const AnnotatedPicture& picture);

// Throws std::invalid_argument beginning with `where` for what to_json does not write.
AnnotatedPicture read_annotated_picture(std::string_view line, std::string_view where);

// The tight box of an object's mask; where it has none, or an empty one, its own box.
Box box_of(const AnnotatedObject& object);

bool has_pixels(const AnnotatedObject& object);  // a mask that is not empty

}  // namespace omma
