#include "omma/models/sam/viewing.h"

#include "omma/base/file.h"

namespace omma::sam {

Viewing read_viewing(const std::filesystem::path& directory) {
  const auto file = directory / "preprocessor_config.json";
  return std::filesystem::exists(file) ? read_config<Viewing>(read_json(file), file.string()) : Viewing{};
}

AutomaticMaskOptions automatic_options(const Viewing& viewing) {
  AutomaticMaskOptions options;
  const AutomaticDefaults& own = viewing.mask_generation;
  if (own.points_per_side) options.points_per_side = static_cast<int>(*own.points_per_side);
  if (own.pred_iou_thresh) options.pred_iou_thresh = static_cast<float>(*own.pred_iou_thresh);
  if (own.stability_score_thresh) options.stability_score_thresh = static_cast<float>(*own.stability_score_thresh);
  if (own.box_nms_thresh) options.box_nms_thresh = static_cast<float>(*own.box_nms_thresh);
  options.enlargement = viewing.enlargement;
  return options;
}

}  // namespace omma::sam
