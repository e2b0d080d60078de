// Where somebody would click who wants this object: the protocol of Segment Anything's evaluation (Kirillov et al. 2023, section
// 7.1 and appendix D), by which interactive segmentation is judged.
#pragma once

#include <optional>

#include "omma/base/rng.h"
#include "omma/tasks/segmenter.h"
#include "omma/vision/mask.h"

namespace omma {

// On the pixel of the object that is farthest from its boundary, the picture's border counting as boundary; of several the first,
// row by row. Nothing where the mask is empty. Throws std::invalid_argument where the masks are of different sizes, as all below
// do.
std::optional<PointPrompt> first_click(const RunLengths& truth);

// Likewise in the largest region (8-connected) of what is wrong: on what is missing as foreground, on what is too much as
// background. Of regions of one size what is missing comes first, then the first down the columns. Nothing where nothing is wrong.
std::optional<PointPrompt> next_click(const RunLengths& truth, const RunLengths& found);

// On any pixel of what is wrong, with equal chances; `found` is empty run lengths before the first click.
std::optional<PointPrompt> random_click(const RunLengths& truth, const RunLengths& found, Rng& rng);

}  // namespace omma
