#include "omma/agent/evaluation/known_masks.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/world_masks.h"
#include "omma/vision/run_lengths.h"

namespace omma {

std::vector<RunLengths> known_masks(const Scene& scene) {
  std::vector<RunLengths> masks;
  for (const MaskedObject& object : masked_objects(scene))
    if (object.level == MaskLevel::whole) masks.push_back(encode(object.visible));
  return masks;
}

KnownSegmenter::KnownSegmenter(std::vector<RunLengths> masks) {
  check(!masks.empty(), "known masks: expected at least one");
  for (RunLengths& mask : masks) {
    const Box box = bounding_box(mask);
    masks_.push_back({.mask = std::move(mask), .box = box, .predicted_iou = 1, .stability = 1});
  }
}

std::shared_ptr<const ImageEmbedding> KnownSegmenter::encode_image(const Image& image) {
  return std::make_shared<KeptImage>(image);
}

SegmentationResult KnownSegmenter::segment_encoded(const ImageEmbedding&, std::span<const SegmentationPrompt> prompts,
                                                   const SegmentationOptions&) {
  SegmentationResult result;
  for (const SegmentationPrompt& prompt : prompts) {
    check(prompt.box.has_value(), "known masks: expected a box");
    const auto fit = [&](const SegmentedMask& mask) { return intersection_over_union(mask.box, *prompt.box); };
    result.objects.push_back({*std::ranges::max_element(masks_, {}, fit)});
  }
  return result;
}

SegmentationResult KnownSegmenter::segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                                           const SegmentationOptions& options) {
  return segment_encoded(*encode_image(image), prompts, options);
}

AutomaticMaskResult KnownSegmenter::segment_everything(const Image&, const AutomaticMaskOptions&,
                                                       const std::function<void(std::int64_t, std::int64_t)>&) {
  fail("known masks: expected boxes, not everything");
}

void KnownSegmenter::save_embedding(const ImageEmbedding&, const std::filesystem::path&) {
  fail("known masks: no embedding to save");
}

std::shared_ptr<const ImageEmbedding> KnownSegmenter::load_embedding(const std::filesystem::path&, const Image&) {
  fail("known masks: no embedding to load");
}

}  // namespace omma
