// Masks as polygons, and polygons as masks.
#pragma once

#include <span>
#include <vector>

#include "omma/vision/mask.h"

namespace omma {

// A closed outline; the last point is joined to the first. Pixels: (0, 0) is the top left corner of the top left pixel, whose other
// corner is (1, 1).
struct Polygon {
  std::vector<double> xy;  // x, y, x, y, ..., as COCO's `segmentation` has them
  bool operator==(const Polygon&) const = default;
};

// The pixels inside any of the parts, which may cross themselves, overlap, and pass the picture's border: to the bit what
// pycocotools' merge(frPyObjects([...])) gives. Of what one part covers an even number of times, nothing is inside. A part of fewer
// than three points has no inside (pycocotools reads one of two as a box x, y, width, height). Throws std::invalid_argument for a
// size below 1 or over 2^31 pixels, an odd number of coordinates, and ones that are no numbers or beyond 1e8.
RunLengths rasterize(std::span<const Polygon> parts, int width, int height);

// A part of a mask, of pixels that hang together by their sides, and the holes in it. Rings run along the edges of pixels, have no
// point twice, and do not cross one another, though they may touch in points.
struct Outline {
  Polygon outer;
  std::vector<Polygon> holes;
  bool operator==(const Outline&) const = default;
};

// The parts of a mask, by their first pixel down the columns. With `min_iou` 1 rasterising them gives the mask itself; below,
// points are left out, those first whose triangle with their neighbours is smallest, as long as the IoU with the mask stays at
// least that and no ring comes to cross another of its part. Throws std::invalid_argument for a `min_iou` outside of 0..1.
std::vector<Outline> outlines_of(const RunLengths& mask, double min_iou = 1);

// Likewise, without the holes.
RunLengths rasterize(std::span<const Outline> parts, int width, int height);

// One ring for formats that know no holes: each hole is joined to what lies left of it by a bridge, a line that is passed there and
// back and crosses nothing, so that what is inside stays the same to whom an even number of lines means outside. The second one
// joins parts likewise, for formats that know no parts, and throws std::invalid_argument where there are none.
Polygon joined(const Outline& part);
Polygon joined(std::span<const Outline> parts);

}  // namespace omma
