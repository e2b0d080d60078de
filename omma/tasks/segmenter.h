// Prompts to masks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/tasks/image_embedding.h"
#include "omma/tasks/timing.h"
#include "omma/vision/boxes.h"
#include "omma/vision/image.h"
#include "omma/vision/mask.h"

namespace omma {

// Pixels of the image given, at their centres: (0, 0) is the middle of the top left pixel.
struct PointPrompt {
  float x = 0, y = 0;
  bool foreground = true;  // false: what lies there is no part of the object
};

// A mask as the model gives it and takes it back: logits of the model's own small frame, rows from the top.
struct MaskLogits {
  int width = 0, height = 0;
  std::vector<float> values;  // above 0: part of the object
};

// What tells one object: points, a box, a mask from before, or any mix of them, at least one.
struct SegmentationPrompt {
  std::vector<PointPrompt> points = {};
  std::optional<Box> box = {};
  std::optional<MaskLogits> mask = {};
};

struct SegmentedMask {
  RunLengths mask;          // of the image's size
  Box box;                  // tight around it; all 0 where it is empty
  float predicted_iou = 0;  // what the model expects its IoU with the object to be
  float stability = 0;      // IoU of the mask cut off 1 above and 1 below the threshold, 0..1
  MaskLogits logits = {};   // where they were asked for
};

struct SegmentationOptions {
  bool multimask = false;  // three masks of each object, in the decoder's order, rather than the best
  bool single = false;     // the single mask, also of a point alone, which else gets the best of three; where enlarged parts of the
                           // picture are looked at, by it, too, the part is chosen: clicks that follow keep it as it was. It and
                           // `multimask` exclude each other
  bool logits = false;     // keep them
};

struct SegmentationResult {
  std::vector<std::vector<SegmentedMask>> objects;  // of each prompt, in order: one mask, or three
  Timing timing = {};
};

// Everything in a picture, by the published names: a grid of points on the picture and on crops of it, each answered with three
// masks, of which the good ones that are no duplicates stay.
struct AutomaticMaskOptions {
  int points_per_side = 32;
  int points_per_batch = 64;
  float pred_iou_thresh = 0.88F;
  float stability_score_thresh = 0.95F;
  float stability_score_offset = 1;
  float box_nms_thresh = 0.7F;
  int crop_n_layers = 0;  // layer i has (2^i)^2 crops
  float crop_nms_thresh = 0.7F;
  double crop_overlap_ratio = 512.0 / 1500;
  double enlargement = 1;  // over 1, in place of crop layers: parts that the model sees so much larger, then half so much, ...
  int crop_n_points_downscale_factor = 1;
  int min_mask_region_area = 0;          // pixels: smaller holes are filled and smaller islands removed
  std::optional<float> mask_nms_thresh;  // mask IoU over which the worse of two masks goes; none: boxes alone are compared
  bool no_overlap = false;               // a pixel stays with the best of its masks alone
  std::int64_t max_bytes = std::int64_t{1} << 30;  // of masks kept at a time; beyond, an error that says so
};

struct AutomaticMask : SegmentedMask {
  float point_x = 0, point_y = 0;  // the grid point that it answers, pixels of the image
  Box crop_box;                    // where it was found
};

struct AutomaticMaskResult {
  std::vector<AutomaticMask> masks;  // by falling predicted IoU
  Timing timing = {};
};

// Not thread-safe: one thread at a time per instance; instances are independent.
class Segmenter {
 public:
  virtual ~Segmenter() = default;

  // The heavy part, once for all prompts. Throws std::invalid_argument for an empty image.
  virtual std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) = 0;

  // Throws std::invalid_argument for no prompt, an empty one, coordinates that are no numbers, a box without area, logits of
  // another size than the model's, options that exclude each other, and for an embedding that another model made. A point or box
  // outside the picture is let be. `preprocess` and `encode` of the timing are 0.
  virtual SegmentationResult segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                             const SegmentationOptions& options = {}) = 0;

  // Both at once.
  virtual SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                                     const SegmentationOptions& options = {}) = 0;

  // As the model's makers advise; the published ones where they say nothing.
  virtual AutomaticMaskOptions automatic_defaults() const { return {}; }

  // `progress` is told batches of points done and how many there are. Throws std::invalid_argument for options out of range.
  virtual AutomaticMaskResult segment_everything(const Image& image, const AutomaticMaskOptions& options = {},
                                                 const std::function<void(std::int64_t, std::int64_t)>& progress = {}) = 0;

  // An embedding in a file, for prompts to come. Reading throws std::invalid_argument where the file was made by another model, in
  // another type, of another picture than `image`, or is none at all.
  virtual void save_embedding(const ImageEmbedding& embedding, const std::filesystem::path& file) = 0;
  virtual std::shared_ptr<const ImageEmbedding> load_embedding(const std::filesystem::path& file, const Image& image) = 0;

  // The side of the frame of logits, in values.
  virtual int logits_side() const = 0;
};

}  // namespace omma
