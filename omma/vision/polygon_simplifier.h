// Fewer points for an outline. Not part of the interface.
#pragma once

#include "omma/vision/polygons.h"

namespace omma {

// Leaves out points of the rings (Visvalingam and Whyatt 1993): again and again the one whose triangle with its neighbours is the
// smallest, as long as those triangles add up to at most `share` of the part's area. A point stays where another one of the part
// lies in its triangle, so that no ring comes to cross itself or another one, and a ring keeps three.
void simplify(Outline& part, double share);

}  // namespace omma
