#include "apps/automatic_flags.h"

namespace omma::app {

void add_automatic_flags(CLI::App& command, AutomaticMaskOptions& options) {
  const auto number = [&](const char* flag, auto& value, const char* what, const char* type) {
    command.add_option(flag, value, what)->capture_default_str()->type_name(type);
  };
  number("--points-per-side", options.points_per_side, "with everything: points along each side of the picture", "N");
  number("--points-per-batch", options.points_per_batch, "points decoded together", "N");
  number("--pred-iou-thresh", options.pred_iou_thresh, "least predicted IoU of a mask", "X");
  number("--stability-score-thresh", options.stability_score_thresh, "least stability of a mask", "X");
  number("--stability-score-offset", options.stability_score_offset, "by how much the cut is moved to see how stable it is", "X");
  number("--box-nms-thresh", options.box_nms_thresh, "IoU of boxes over which the worse of two masks goes", "X");
  number("--crop-n-layers", options.crop_n_layers, "layers of crops that are looked at, too", "N");
  number("--crop-nms-thresh", options.crop_nms_thresh, "the same between crops", "X");
  number("--crop-overlap-ratio", options.crop_overlap_ratio, "share of a side that crops overlap by", "X");
  number("--crop-n-points-downscale-factor", options.crop_n_points_downscale_factor, "how much fewer points a layer has", "N");
  number("--min-mask-region-area", options.min_mask_region_area, "pixels of the smallest hole and island that stays", "N");
  command.add_option("--mask-nms-thresh", options.mask_nms_thresh, "IoU of masks over which the worse of two goes (default: any)")
      ->type_name("X");
  command.add_flag("--no-overlap", options.no_overlap, "each pixel to the best of its masks alone");
}

}  // namespace omma::app
