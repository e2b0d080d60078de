#include "omma/data/picture_size.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace omma {

SizeMatch compare_sizes(ImageSize labels, ImageSize picture) {
  constexpr int rounding = 2;  // pixels, of sides that a tool has scaled or padded
  const auto near = [&](int width, int height) {
    return std::abs(width - picture.width) <= rounding && std::abs(height - picture.height) <= rounding;
  };
  if (labels == picture) return SizeMatch::same;
  return near(labels.width, labels.height) || near(labels.height, labels.width) ? SizeMatch::near : SizeMatch::different;
}

std::string size_message(ImageSize labels, ImageSize picture) {
  return fmt::format("the labels say {} x {}, the picture is {} x {}", labels.width, labels.height, picture.width, picture.height);
}

std::optional<Box> clipped(const Box& box, ImageSize picture) {
  const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
  const Box inside{std::clamp(box.x0, 0.F, width), std::clamp(box.y0, 0.F, height), std::clamp(box.x1, 0.F, width),
                   std::clamp(box.y1, 0.F, height)};
  return inside.x1 > inside.x0 && inside.y1 > inside.y0 ? std::optional(inside) : std::nullopt;
}

void set_picture_size(DetectionSample& sample, ImageSize size) {
  if (sample.width == size.width && sample.height == size.height) return;
  sample.width = size.width;
  sample.height = size.height;
  std::erase_if(sample.targets, [&](DetectionTarget& target) {
    const auto box = clipped(target.box, size);
    target.box = box.value_or(Box());
    return !box;
  });
}

}  // namespace omma
