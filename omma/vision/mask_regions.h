// What a mask is made of: connected regions, holes, and how deep inside its pixels lie.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "omma/vision/mask.h"

namespace omma {

enum class Connectivity {
  four,   // pixels that share a side
  eight,  // or a corner
};

// The parts of a mask that hang together, by their first pixel down the columns. The cost is that of the runs, no pixel is decoded.
std::vector<RunLengths> connected_regions(const RunLengths& mask, Connectivity connectivity);

// Segment Anything's remove_small_regions (segment_anything/utils/amg.py), 8-connected both: fills what is not set in regions below
// `min_area` pixels, those at the border, too; takes away what is set in such regions, but keeps the largest where there is no
// other. Return whether there were any, which in the latter case may leave the mask as it was.
bool fill_small_holes(RunLengths& mask, std::int64_t min_area);
bool remove_small_islands(RunLengths& mask, std::int64_t min_area);

enum class BorderRule {
  open,      // what lies outside of the picture is not known
  boundary,  // nothing is set outside of the picture
};

// Of each pixel set the square of the distance to the nearest one that is not (centre to centre), 0 of the others; exact. Rows from
// the top, as in a Mask. The largest number there is where no pixel is unset and the border is open.
std::vector<std::int64_t> squared_distances(const Mask& mask, BorderRule border);

struct Pixel {
  int x = 0, y = 0;
  bool operator==(const Pixel&) const = default;
};

// The pixel set that is farthest from what is not, the picture's border counting as boundary, by which Segment Anything's
// evaluation clicks; of several the first, row by row. Nothing where none is set.
std::optional<Pixel> innermost_pixel(const Mask& mask);

}  // namespace omma
