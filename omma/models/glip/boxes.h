// From the head's numbers to boxes: the post-processing of ATSS (Zhang et al. 2020), as GLIP's authors have it.
//
// A place of a level stands for one square around the middle of its cell. Boxes are omma's, in pixels of the resized picture, x1
// and y1 one beyond the last. The authors count the last pixel in, as Detectron did, which gives the same numbers but for that one:
// their widths are x1 - x0 + 1, and so are the overlaps of their CUDA kernel.
//
// P places of a level, T text tokens.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "omma/models/glip/config.h"
#include "omma/models/glip/head.h"
#include "omma/vision/boxes.h"
#include "omma/vision/resize.h"

namespace omma::glip {

struct FoundBox {
  Box box;                // of at least the picture's outermost pixel
  float score = 0;        // the root of its name's probability times the place's centerness
  std::size_t name = 0;   // place among the names
  std::size_t level = 0;  // where it was found: of the pyramid,
  int64_t place = 0;      // and of the level, row by row
};

// How the probabilities of a name's tokens become the name's: their mean, or the largest.
enum class Aggregate { mean, largest };

// What is found of some names, tokens [begin, end) each, by falling score. `outputs` are of one picture, on the CPU: logits [P, T],
// regression [P, 4], centerness [P]. `padded` is the size that the model saw, `filled` the picture's part of it.
//
// A name counts at a place where its probability alone passes score_threshold. Of a level's the best pre_nms_top_n stay, by
// probability times centerness; of boxes of one name that overlap by more than nms_threshold the best; at last detections_per_image
// of all, or more where the last of them are equal.
std::vector<FoundBox> find_boxes(std::span<const LevelOutput> outputs, std::span<const std::pair<int64_t, int64_t>> names,
                                 Aggregate aggregate, const Config& config, Size padded, Size filled);

// A box of the picture as it was, from one of it resized to `filled`: the authors scale the numbers of the first and the last
// pixel, so that the far edges come out a pixel less the scale short of the edges' own. Clipped to the picture.
Box in_picture(const Box& box, Size filled, Size picture);

}  // namespace omma::glip
