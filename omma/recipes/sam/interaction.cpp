#include "omma/recipes/sam/interaction.h"

#include <algorithm>

#include "omma/vision/mask_regions.h"

namespace omma::sam {

Tensor random_pixels(const Tensor& regions) {
  const int64_t width = regions.size(2);
  const Tensor chances = torch::rand_like(regions, torch::kFloat32) + regions;  // a pixel of the region is above 1
  const Tensor places = chances.flatten(1).argmax(1);
  return torch::stack({places % width, torch::floor_divide(places, width)}, 1).unsqueeze(1).to(torch::kFloat32);
}

Tensor innermost_pixels(const Tensor& regions) {
  const Tensor masks = regions.to(torch::kCPU, torch::kUInt8).contiguous();
  Mask mask(static_cast<int>(masks.size(2)), static_cast<int>(masks.size(1)));
  const Tensor places = torch::zeros({masks.size(0), 1, 2}, torch::kFloat32);
  for (int64_t i = 0; i < masks.size(0); ++i) {
    std::copy_n(masks[i].const_data_ptr<std::uint8_t>(), mask.data.size(), mask.data.begin());
    const Pixel pixel = innermost_pixel(mask).value_or(Pixel());
    places[i][0][0] = pixel.x;
    places[i][0][1] = pixel.y;
  }
  return places.to(regions.device());
}

Tensor boxes_of(const Tensor& targets) {
  const Tensor columns = targets.any(1).to(torch::kInt64), rows = targets.any(2).to(torch::kInt64);  // [P, S]
  const auto first = [](const Tensor& line) { return line.argmax(1); };
  const auto last = [](const Tensor& line) { return line.size(1) - line.flip({1}).argmax(1); };
  return torch::stack({first(columns), first(rows), last(columns), last(rows)}, 1).to(torch::kFloat32);
}

Tensor with_noise(const Tensor& boxes, int64_t side, const InteractionConfig& config) {
  const Tensor sides = (boxes.slice(1, 2) - boxes.slice(1, 0, 2)).repeat({1, 2});  // width, height, width, height
  const double most = config.max_box_noise * static_cast<double>(side);
  const Tensor moved = boxes + (torch::randn_like(boxes) * sides * config.box_noise).clamp(-most, most);
  return moved.clamp(0, static_cast<double>(side));
}

Prompts first_prompts(const Tensor& targets, bool box, const InteractionConfig& config) {
  Prompts prompts;
  if (box) {
    prompts.boxes = with_noise(boxes_of(targets), targets.size(2), config);
  } else {
    prompts.points = random_pixels(targets);
    if (config.centre_chance > 0) {
      const Tensor central = torch::rand({targets.size(0), 1, 1}, prompts.points.options()) < config.centre_chance;
      prompts.points = torch::where(central, innermost_pixels(targets), prompts.points);
    }
    prompts.labels = torch::ones({targets.size(0), 1}, targets.options().dtype(torch::kInt64));
  }
  return prompts;
}

void add_clicks(Prompts& prompts, const Tensor& masks, const Tensor& targets) {
  const Tensor errors = masks.logical_xor(targets);
  const Tensor wrong = errors.flatten(1).any(1).view({-1, 1, 1});
  const Tensor points = random_pixels(torch::where(wrong, errors, targets));
  const Tensor places = (points.select(2, 1) * targets.size(2) + points.select(2, 0)).to(torch::kInt64);  // [P, 1]
  const Tensor labels = targets.flatten(1).gather(1, places).to(torch::kInt64);
  prompts.points = prompts.points.defined() ? torch::cat({prompts.points, points}, 1) : points;
  prompts.labels = prompts.labels.defined() ? torch::cat({prompts.labels, labels}, 1) : labels;
}

}  // namespace omma::sam
