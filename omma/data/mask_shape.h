// A mask as labels write it, in polygons or run lengths, and what may be wrong with it. Not part of the interface.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/dataset_report.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/io/image_file.h"
#include "omma/vision/polygons.h"

namespace omma {

struct MaskShape {
  std::vector<Polygon> polygons = {};  // of pixels, united; else
  std::string counts = {};             // COCO's compressed run lengths,
  ImageSize size = {};                 // of a mask of this size
};

// COCO's `segmentation`: [[x, y, ...], ...] or, as some tools write one polygon, [x, y, ...]; {"size": [h, w], "counts": [n, ...]
// or
// "..."}. Throws std::invalid_argument for anything else; polygons of too few points are told later.
MaskShape read_mask_shape(const json& segmentation);

// Whether two sides of the outline cross; sides that meet in a point do not, nor do those of a bridge that leads into a hole and
// back. Of outlines so long and tangled that this would take seconds, false.
bool crosses_itself(const Polygon& polygon);

// The masks of one picture, in its size, and what is wrong with its labels.
struct PictureMasks {
  std::vector<SegmentationTarget> targets = {};
  std::vector<std::pair<DatasetFault, std::string>> faults = {};
  std::size_t listed = 0;  // masks, those that were left out among them

  bool has_fault(DatasetFault fault) const;

  // Lists the mask of this shape, `where` beginning what is told of it. `target` has all but mask and box, an area below 0 where
  // none was annotated; `box` is what the labels have beside the mask.
  void add(const MaskShape& shape, SegmentationTarget target, const std::optional<Box>& box, ImageSize picture,
           std::string_view where);
  // Likewise of a mask that is made.
  void add(RunLengths mask, SegmentationTarget target, const std::optional<Box>& box, std::string_view where);
  // Lists a mask that is left out.
  void leave_out(DatasetFault fault, std::string message);

 private:
  RunLengths draw(const std::vector<Polygon>& polygons, ImageSize picture, std::string_view where);
};

}  // namespace omma
