#include "apps/automatic_flags.h"

#include <fmt/format.h>

#include <cmath>

namespace omma::app {

void AutomaticFlags::add_to(CLI::App& command) {
  const AutomaticMaskOptions published;
  const auto number = [&]<class T>(const char* flag, T AutomaticMaskOptions::* field, const char* what, const char* type) {
    command
        .add_option_function<T>(
            flag,
            [this, field](const T& value) {
              changes_.emplace_back([=](AutomaticMaskOptions& options) { options.*field = value; });
            },
            fmt::format("{} (default: the model's, else {:.6g})", what, static_cast<double>(published.*field)))
        ->type_name(type);
  };
  using Options = AutomaticMaskOptions;
  number("--points-per-side", &Options::points_per_side, "with everything: points along each side of the picture", "N");
  number("--points-per-batch", &Options::points_per_batch, "points decoded together", "N");
  number("--pred-iou-thresh", &Options::pred_iou_thresh, "least predicted IoU of a mask", "X");
  number("--stability-score-thresh", &Options::stability_score_thresh, "least stability of a mask", "X");
  number("--stability-score-offset", &Options::stability_score_offset, "by how much the cut is moved to see how stable it is", "X");
  number("--box-nms-thresh", &Options::box_nms_thresh, "IoU of boxes over which the worse of two masks goes", "X");
  number("--crop-n-layers", &Options::crop_n_layers, "layers of crops that are looked at, too; with an enlargement of 1", "N");
  number("--crop-nms-thresh", &Options::crop_nms_thresh, "the same between crops", "X");
  number("--crop-overlap-ratio", &Options::crop_overlap_ratio, "share of a side that crops overlap by", "X");
  number("--crop-n-points-downscale-factor", &Options::crop_n_points_downscale_factor, "how much fewer points a layer has", "N");
  number("--min-mask-region-area", &Options::min_mask_region_area, "pixels of the smallest hole and island that stays", "N");
  command
      .add_option_function<float>(
          "--mask-nms-thresh",
          [this](float value) { changes_.emplace_back([=](AutomaticMaskOptions& options) { options.mask_nms_thresh = value; }); },
          "IoU of masks over which the worse of two goes (default: any)")
      ->type_name("X");
  command.add_flag_callback(
      "--no-overlap", [this] { changes_.emplace_back([](AutomaticMaskOptions& options) { options.no_overlap = true; }); },
      "each pixel to the best of its masks alone");
  command
      .add_option_function<double>(
          "--max-mask-memory",
          [this](double megabytes) {
            changes_.emplace_back([=](AutomaticMaskOptions& options) { options.max_bytes = std::llround(megabytes * (1 << 20)); });
          },
          fmt::format("MB of masks at a time, beyond which it ends with an error (default: {})", published.max_bytes >> 20))
      ->check(CLI::Range(0.0, 1e6))
      ->type_name("MB");
  command
      .add_option("--enlargement", enlargement_,
                  "how much larger the model sees parts of the picture, for small objects; 1: the picture as a whole (default: the "
                  "model's)")
      ->type_name("X");
}

AutomaticMaskOptions AutomaticFlags::over(AutomaticMaskOptions defaults) const {
  for (const auto& change : changes_) change(defaults);
  return defaults;
}

LoadOptions AutomaticFlags::over(LoadOptions load) const {
  load.enlargement = enlargement_;
  return load;
}

}  // namespace omma::app
