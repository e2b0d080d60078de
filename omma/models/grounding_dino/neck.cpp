#include "omma/models/grounding_dino/neck.h"

#include <fmt/format.h>

#include "omma/nn/layers.h"
#include "omma/nn/position.h"

namespace omma::grounding_dino {
namespace {

constexpr int64_t groups = 32;

// The mask of a map of height x width, by its cells' nearest pixels.
Tensor mask_of(const Tensor& pixel_mask, int64_t height, int64_t width) {
  return at::upsample_nearest2d(pixel_mask.unsqueeze(1).to(torch::kFloat32), {height, width}).squeeze(1).to(torch::kBool);
}

// mask [B, H, W] -> [B, 2], (x, y): the picture's share of the first row and column.
Tensor valid_ratio(const Tensor& mask) {
  const auto share = [](const Tensor& line) { return line.to(torch::kFloat32).mean(1); };
  return torch::stack({share(mask.select(1, 0)), share(mask.select(2, 0))}, -1);
}

}  // namespace

Neck::Neck(torch::nn::Module& model, const Config& config) : temperature_(config.positional_embedding_temperature) {
  const auto& out = config.backbone_config.out_indices;
  for (std::size_t level = 0; level < static_cast<std::size_t>(config.num_feature_levels); ++level) {
    const bool extra = level >= out.size();  // a coarser level, from the last backbone map or the level before
    const int64_t in = level > out.size() ? config.d_model : config.backbone_config.channels(extra ? out.back() : out[level]);
    auto options = torch::nn::Conv2dOptions(in, config.d_model, extra ? 3 : 1);
    if (extra) options.stride(2).padding(1);
    projections_.push_back(
        {register_at(model, fmt::format("input_proj_vision.{}.0", level), torch::nn::Conv2d(options)),
         register_at(model, fmt::format("input_proj_vision.{}.1", level), torch::nn::GroupNorm(groups, config.d_model))});
  }
  level_embed_ = model.register_parameter("level_embed", torch::zeros({config.num_feature_levels, config.d_model}));
}

Tensor Neck::project(std::size_t level, const Tensor& map) {
  return projections_[level].norm(projections_[level].convolution(map));
}

VisionFeatures Neck::operator()(const std::vector<Tensor>& maps, const Tensor& pixel_mask, const Probe& probe) {
  const bool padded = pixel_mask.defined();
  std::vector<Tensor> features, positions, masks, ratios;
  LevelShapes levels;
  Tensor map;  // of the level before
  for (std::size_t level = 0; level < projections_.size(); ++level) {
    map = project(level, level < maps.size() ? maps[level] : level == maps.size() ? maps.back() : map);  // [B, C, H, W]
    probe("neck", level, "map", map);
    const auto height = map.size(2), width = map.size(3);
    const Tensor mask =
        padded ? mask_of(pixel_mask, height, width) : torch::ones({1, height, width}, map.options().dtype(torch::kBool));
    const Tensor sine = sine_embedding_of_grid(mask, map.size(1) / 2, temperature_);  // [B or 1, H W, C]
    features.push_back(map.flatten(2).transpose(1, 2));
    positions.push_back((sine.to(map.scalar_type()) + level_embed_[static_cast<int64_t>(level)]).expand_as(features.back()));
    masks.push_back(mask.flatten(1));
    ratios.push_back(valid_ratio(mask).expand({map.size(0), 2}));
    levels.emplace_back(height, width);
  }
  return {.features = torch::cat(features, 1),
          .position = torch::cat(positions, 1),
          .mask = padded ? torch::cat(masks, 1) : Tensor(),
          .valid_ratios = torch::stack(ratios, 1),
          .levels = std::move(levels)};
}

void Neck::init_weights() { torch::nn::init::normal_(level_embed_); }

}  // namespace omma::grounding_dino
