// The tool segment_object: which pixels of a picture an object covers, and how much of it that is.
#pragma once

#include <memory>

#include "omma/agent/tool.h"
#include "omma/agent/tools/object_finder.h"
#include "omma/tasks/segmenter.h"

namespace omma {

// A tool over the finder's picture: the detector's boxes prompt the segmenter. Input: {"object": "blue dog"}, where "anything"
// stands for the common names, and optionally "which": "all" (default), "best" (surest), "largest" or "smallest" of those that were
// found, and {"relation": "left of", "anchor": "tree"}, which keeps those that stand so to the surest tree (see relations_of()).
//
// Summary: "Cut out blue dog: 12 % of the picture, top left.", "Cut out 2 cars: car 1 12 %, left; car 2 3 %, right; together 15 %."
// or "Found no blue dog." Details: pixels, boxes, scores. Data: {"detections": [{label, score, box}], the boxes that were prompts,
// and "masks": [{label, score, box, area, share, place, rle, predicted_iou}]}, in the same order: box and place of the mask, area
// in pixels, share of the picture from 0 to 1. What overlaps counts once in "together".
Tool segment_object_tool(std::shared_ptr<ObjectFinder> finder, std::shared_ptr<Segmenter> segmenter);

}  // namespace omma
