// The tool detect_objects: which of some objects a picture shows, how many and where.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/agent/tool.h"
#include "omma/agent/tools/object_finder.h"
#include "omma/tasks/detector.h"
#include "omma/vision/image.h"
#include "omma/vision/resize.h"

namespace omma {

// A tool over one picture. Input: {"objects": ["red car", "bus"]}, 1 to 64 names, where "anything" stands for the common names,
// and optionally "colors": ["red", ...], which looks for each name in each colour.
//
// Summary: "Found bus: 2. bus 1: top left. bus 2: center.", or of several names "Found car: 1, bus: 2. In total 3. Seen from car:
// left bus 1, bus 2; larger bus 2.": how the others stand to the best object of the first name found, nearest first. Names that
// were not found are counted 0 where at most six were asked for. Details: the boxes in pixels and the scores. Data: {"objects":
// {name: count}, "detections": [{label, score, box, place, relations}]}, the detections in the summary's order.
Tool detect_objects_tool(std::shared_ptr<ObjectFinder> finder);

// With a finder of its own.
Tool detect_objects_tool(std::shared_ptr<Detector> detector, std::shared_ptr<const Image> image);

// What the tool says of `detections`, found when `names` were asked for in a picture of the given size. Detections with boxes or
// scores that are not finite are left out. `list_absent`: count names that were not found as 0.
ToolResult describe_detections(std::span<const std::string> names, std::span<const Detection> detections, Size size,
                               bool list_absent);

// "top left", "top", ..., "center": the ninth of the picture in which the box's centre lies.
std::string place_of(const Box& box, Size size);

// How one box can stand to another, and the word that the summary has for it: "left of", "left".
inline constexpr std::array<std::string_view, 6> relation_words = {"left of", "right of",    "above",
                                                                   "below",   "larger than", "smaller than"};
constexpr std::string_view short_relation(std::string_view relation) { return relation.substr(0, relation.find(' ')); }

// How `box` stands to `anchor`: "left of", "right of", "above", "below" (centres at least 8 % of the picture apart), "larger than",
// "smaller than" (long sides at least a quarter apart).
std::vector<std::string> relations_of(const Box& box, const Box& anchor, Size size);

}  // namespace omma
