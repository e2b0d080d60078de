// Objects of one picture that are clicked at until they are found. Not part of the interface: see segmentation_evaluation.h.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "omma/data/segmentation_dataset.h"
#include "omma/tasks/segmenter.h"

namespace omma {

// Where the next click goes, given what was found so far, which is empty run lengths before the first; nothing where all is found.
using NextClick = std::function<std::optional<PointPrompt>(std::size_t object, const RunLengths& truth, const RunLengths& found)>;

struct ForetoldIou {
  double predicted = 0, iou = 0;
};

// The IoU of one object after each click, and what the masks that answer the first are worth.
struct ClickedObject {
  std::vector<double> ious;
  std::vector<ForetoldIou> first;
};

struct ClickOptions {
  int clicks = 1;
  bool multimask = true;  // three masks answer the first
};

// Gives each object its clicks, all objects in step, some of them at a time.
std::vector<ClickedObject> click_objects(Segmenter& segmenter, const ImageEmbedding& image,
                                         const std::vector<const SegmentationTarget*>& objects, const ClickOptions& options,
                                         const NextClick& next_click);

// The masks of many prompts, some at a time: a picture may have hundreds of objects.
std::vector<std::vector<SegmentedMask>> segment_in_batches(Segmenter& segmenter, const ImageEmbedding& image,
                                                           const std::vector<SegmentationPrompt>& prompts,
                                                           const SegmentationOptions& options);

}  // namespace omma
