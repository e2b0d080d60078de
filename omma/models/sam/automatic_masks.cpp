#include "omma/models/sam/automatic_masks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/sam/tiles.h"
#include "omma/nn/parallel.h"
#include "omma/vision/boxes.h"
#include "omma/vision/mask_regions.h"
#include "omma/vision/run_lengths.h"

namespace omma::sam {
namespace {

// The reference suppresses by boxes whose far edges are the last pixels' places.
Box to_last_pixels(const Box& box) {
  return box == Box() ? box : Box{.x0 = box.x0, .y0 = box.y0, .x1 = box.x1 - 1, .y1 = box.y1 - 1};
}

template <class Score>
void suppress(std::vector<AutomaticMask>& masks, float threshold, Score score_of) {
  std::vector<Box> boxes;
  std::vector<float> scores;
  for (const AutomaticMask& mask : masks) {
    boxes.push_back(to_last_pixels(mask.box));
    scores.push_back(score_of(mask));
  }
  std::vector<AutomaticMask> kept;
  for (const int index : non_maximum_suppression(boxes, scores, threshold))
    kept.push_back(std::move(masks[static_cast<std::size_t>(index)]));
  masks = std::move(kept);
}

void expect_valid(const AutomaticMaskOptions& options) {
  const auto share = [](float value, std::string_view name) {
    check(value >= 0 && value <= 1, "{}: expected 0 to 1, got {}", name, value);
  };
  const auto count = [](int value, int min, int max, std::string_view name) {
    check(value >= min && value <= max, "{}: expected {} to {}, got {}", name, min, max, value);
  };
  count(options.points_per_side, 1, 1024, "points_per_side");
  count(options.points_per_batch, 1, 4096, "points_per_batch");
  count(options.crop_n_layers, 0, 4, "crop_n_layers");
  count(options.crop_n_points_downscale_factor, 1, 64, "crop_n_points_downscale_factor");
  count(options.min_mask_region_area, 0, 1 << 30, "min_mask_region_area");
  share(options.pred_iou_thresh, "pred_iou_thresh");
  share(options.stability_score_thresh, "stability_score_thresh");
  share(options.box_nms_thresh, "box_nms_thresh");
  share(options.crop_nms_thresh, "crop_nms_thresh");
  if (options.mask_nms_thresh) share(*options.mask_nms_thresh, "mask_nms_thresh");
  check(options.stability_score_offset >= 0 && options.stability_score_offset <= 100,
        "stability_score_offset: expected 0 to 100, got {}", options.stability_score_offset);
  check(options.crop_overlap_ratio >= 0 && options.crop_overlap_ratio < 1, "crop_overlap_ratio: expected 0 to less than 1, got {}",
        options.crop_overlap_ratio);
  check(options.enlargement >= 1 && options.enlargement <= 64, "enlargement: expected 1 to 64, got {}", options.enlargement);
  check(options.enlargement == 1 || options.crop_n_layers == 0, "crop_n_layers: expected 0 with an enlargement, got {}",
        options.crop_n_layers);
}

class Generator {
 public:
  Generator(Predictor& predictor, const AutomaticMaskOptions& options,
            const std::function<void(std::int64_t, std::int64_t)>& progress)
      : predictor_(predictor), options_(options), progress_(progress) {}

  AutomaticMaskResult operator()(const Image& image);

 private:
  std::vector<PointPrompt> grid_of(const Crop& crop) const;
  std::int64_t batches_of(const Crop& crop) const;
  std::vector<AutomaticMask> masks_of(const Image& image, const Crop& crop);
  void answer(const Embedding& embedding, std::span<const PointPrompt> points, const Crop& crop, std::vector<AutomaticMask>& masks);
  void expect_room(std::span<const AutomaticMask> masks) const;
  void clean(std::vector<AutomaticMask>& masks) const;
  void suppress_by_mask(std::vector<AutomaticMask>& masks) const;

  Predictor& predictor_;
  const AutomaticMaskOptions& options_;
  const std::function<void(std::int64_t, std::int64_t)>& progress_;
  Size picture_;
  Timing timing_;
  double model_ = 0;                   // of `timing_.decode`, milliseconds
  std::int64_t done_ = 0, total_ = 0;  // batches
  std::int64_t bytes_before_ = 0;      // of the crops that are done
};

std::int64_t bytes_of(std::span<const AutomaticMask> masks) {
  std::int64_t bytes = 0;
  for (const AutomaticMask& mask : masks)
    bytes += static_cast<std::int64_t>(sizeof(AutomaticMask) + mask.mask.counts.size() * sizeof(std::uint32_t));
  return bytes;
}

// The points of a crop, pixels of the crop.
std::vector<PointPrompt> Generator::grid_of(const Crop& crop) const {
  const double fewer = std::pow(options_.crop_n_points_downscale_factor, crop.layer);
  std::vector<PointPrompt> points = point_grid(static_cast<int>(options_.points_per_side / fewer));
  for (PointPrompt& point : points) point.x *= crop.box.width(), point.y *= crop.box.height();
  return points;
}

std::int64_t Generator::batches_of(const Crop& crop) const {
  const std::int64_t points = std::ssize(grid_of(crop));
  return (points + options_.points_per_batch - 1) / options_.points_per_batch;
}

void Generator::expect_room(std::span<const AutomaticMask> masks) const {
  if (bytes_before_ + bytes_of(masks) > options_.max_bytes)
    fail_runtime("automatic masks: more than {:.4g} MB of masks at a time: ask for fewer points, or for higher thresholds",
                 static_cast<double>(options_.max_bytes) / (1 << 20));
}

// The good masks of a batch of points.
void Generator::answer(const Embedding& embedding, std::span<const PointPrompt> points, const Crop& crop,
                       std::vector<AutomaticMask>& masks) {
  std::vector<SegmentationPrompt> prompts;
  for (const PointPrompt& point : points) prompts.push_back({.points = {point}, .box = {}, .mask = {}});
  std::vector<const SegmentationPrompt*> group;
  for (const SegmentationPrompt& prompt : prompts) group.push_back(&prompt);
  Stopwatch watch;
  const DecodedMasks decoded = predictor_.decode(embedding, group);
  model_ += watch.lap();

  struct Place {
    int64_t point, mask;
  };
  std::vector<Place> places;  // of the masks that are expected to be good
  const auto iou = decoded.iou.accessor<float, 2>();
  for (int64_t point = 0; point < iou.size(0); ++point)
    for (int64_t mask = 1; mask < iou.size(1); ++mask)
      if (options_.pred_iou_thresh == 0 || iou[point][mask] > options_.pred_iou_thresh) places.push_back({point, mask});

  std::vector<std::optional<AutomaticMask>> found(places.size());
  torch_parallel_for(std::ssize(places), 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode inference;  // each thread's own
    for (int64_t i = begin; i < end; ++i) {
      const auto [point, mask] = places[static_cast<std::size_t>(i)];
      AutomaticMask each;
      static_cast<SegmentedMask&>(each) =
          predictor_.to_picture(decoded.logits[point][mask], iou[point][mask], embedding, options_.stability_score_offset);
      if (options_.stability_score_thresh > 0 && !(each.stability >= options_.stability_score_thresh)) continue;
      const auto dx = crop.box.x0, dy = crop.box.y0;
      if (each.box != Box()) each.box = each.box.shifted(dx, dy);
      if (is_cut_off(to_last_pixels(each.box), crop.box, picture_, crop.edge_pixels)) continue;
      each.mask = place(each.mask, static_cast<int>(dx), static_cast<int>(dy), picture_.width, picture_.height);
      each.point_x = points[static_cast<std::size_t>(point)].x + dx;
      each.point_y = points[static_cast<std::size_t>(point)].y + dy;
      each.crop_box = crop.box;
      found[static_cast<std::size_t>(i)] = std::move(each);
    }
  });
  for (auto& mask : found)
    if (mask) masks.push_back(std::move(*mask));
}

std::vector<AutomaticMask> Generator::masks_of(const Image& image, const Crop& crop) {
  Timing timing;
  const auto embedding = predictor_.encode(crop.layer == 0 ? image : cropped(image, crop.box), timing);
  timing_.preprocess += timing.preprocess;
  timing_.encode += timing.encode;
  Stopwatch watch;
  std::vector<AutomaticMask> masks;
  const std::vector<PointPrompt> points = grid_of(crop);
  const auto step = static_cast<std::size_t>(options_.points_per_batch);
  for (std::size_t begin = 0; begin < points.size(); begin += step) {
    answer(*embedding, std::span(points).subspan(begin, std::min(step, points.size() - begin)), crop, masks);
    expect_room(masks);
    if (progress_) progress_(++done_, total_);
  }
  suppress(masks, options_.box_nms_thresh, [](const AutomaticMask& mask) { return mask.predicted_iou; });
  timing_.decode += watch.lap();
  return masks;
}

// Fills small holes and takes small islands away; masks that this made duplicates go, those first that it changed.
void Generator::clean(std::vector<AutomaticMask>& masks) const {
  const std::int64_t area = options_.min_mask_region_area;
  std::vector<std::uint8_t> changed(masks.size());
  torch_parallel_for(std::ssize(masks), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      AutomaticMask& mask = masks[static_cast<std::size_t>(i)];
      const bool holes = fill_small_holes(mask.mask, area), islands = remove_small_islands(mask.mask, area);
      changed[static_cast<std::size_t>(i)] = holes || islands ? 1 : 0;
      mask.box = bounding_box(mask.mask);
    }
  });
  suppress(masks, std::max(options_.box_nms_thresh, options_.crop_nms_thresh),
           [&](const AutomaticMask& mask) { return changed[static_cast<std::size_t>(&mask - masks.data())] != 0 ? 0.F : 1.F; });
}

void Generator::suppress_by_mask(std::vector<AutomaticMask>& masks) const {
  std::vector<AutomaticMask> kept;
  for (AutomaticMask& mask : masks) {
    const auto covers = [&](const AutomaticMask& better) {
      return intersection_over_union(better.box, mask.box) > 0 &&
             intersection_over_union(better.mask, mask.mask) > *options_.mask_nms_thresh;
    };
    if (std::ranges::none_of(kept, covers)) kept.push_back(std::move(mask));
  }
  masks = std::move(kept);
}

// Each pixel stays with the first of its masks; what is left of nothing goes.
void part_overlaps(std::vector<AutomaticMask>& masks) {
  std::optional<RunLengths> taken;
  for (AutomaticMask& mask : masks) {
    const RunLengths whole = mask.mask;
    if (taken) mask.mask = difference_of(mask.mask, *taken);
    taken = taken ? union_of(std::array{*taken, whole}) : whole;
    mask.box = bounding_box(mask.mask);
  }
  std::erase_if(masks, [](const AutomaticMask& mask) { return mask.box == Box(); });
}

AutomaticMaskResult Generator::operator()(const Image& image) {
  picture_ = {.width = image.width, .height = image.height};
  const std::vector<Crop> crops = crops_of(picture_, static_cast<int>(predictor_.model()->config().image_size()), options_);
  for (const Crop& crop : crops) total_ += batches_of(crop);
  std::vector<AutomaticMask> masks;
  for (const Crop& crop : crops) {
    std::ranges::move(masks_of(image, crop), std::back_inserter(masks));
    bytes_before_ = bytes_of(masks);
  }
  Stopwatch watch;
  if (crops.size() > 1)  // of two crops' masks the smaller crop's is better
    suppress(masks, options_.crop_nms_thresh, [](const AutomaticMask& mask) { return 1 / mask.crop_box.area(); });
  if (options_.min_mask_region_area > 0) clean(masks);
  std::ranges::stable_sort(masks, std::greater<>(), &AutomaticMask::predicted_iou);
  if (options_.mask_nms_thresh) suppress_by_mask(masks);
  if (options_.no_overlap) part_overlaps(masks);
  timing_.decode += watch.lap();
  timing_.postprocess = timing_.decode - model_;
  return {.masks = std::move(masks), .timing = timing_};
}

}  // namespace

std::vector<Crop> crops_of(Size picture, int frame, const AutomaticMaskOptions& options) {
  const auto whole = [](int x0, int y0, int x1, int y1) {
    return Box{static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1), static_cast<float>(y1)};
  };
  std::vector<Crop> crops = {{.box = whole_picture(picture), .layer = 0}};
  if (options.enlargement > 1) {
    const std::vector<int> sides = part_sides(picture, frame, options.enlargement);
    for (auto side = sides.rbegin(); side != sides.rend(); ++side) {
      const int layer = crops.back().layer + 1;
      for (const Box& part : parts_of(picture, *side, options.crop_overlap_ratio))
        crops.push_back({.box = part, .layer = layer, .edge_pixels = 1});
    }
  }
  for (int layer = 1; layer <= options.crop_n_layers; ++layer) {
    const int side = 1 << layer;  // crops
    const int overlap = static_cast<int>(options.crop_overlap_ratio * std::min(picture.width, picture.height) * (2.0 / side));
    const auto length = [&](int all) { return (overlap * (side - 1) + all + side - 1) / side; };
    const int width = length(picture.width), height = length(picture.height);
    for (int column = 0; column < side; ++column)
      for (int row = 0; row < side; ++row) {
        const int x = (width - overlap) * column, y = (height - overlap) * row;
        crops.push_back(
            {.box = whole(x, y, std::min(x + width, picture.width), std::min(y + height, picture.height)), .layer = layer});
      }
  }
  return crops;
}

std::vector<PointPrompt> point_grid(int side) {
  std::vector<PointPrompt> points;
  const auto middle = [&](int i) { return (static_cast<float>(i) + 0.5F) / static_cast<float>(side); };
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) points.push_back({.x = middle(x), .y = middle(y)});
  return points;
}

AutomaticMaskResult generate_masks(Predictor& predictor, const Image& image, const AutomaticMaskOptions& options,
                                   const std::function<void(std::int64_t, std::int64_t)>& progress) {
  check(!image.empty(), "automatic masks: expected a picture, got {} x {} pixels", image.width, image.height);
  expect_valid(options);
  return Generator(predictor, options, progress)(image);
}

}  // namespace omma::sam
