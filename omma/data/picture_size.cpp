#include "omma/data/picture_size.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace omma {
namespace {

constexpr int largest_side = 65'535;

}  // namespace

std::optional<std::array<double, 4>> four_numbers(const json& list) {
  std::array<double, 4> numbers;
  if (!list.is_array() || list.size() != numbers.size()) return std::nullopt;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!list[i].is_number()) return std::nullopt;
    numbers[i] = list[i].get<double>();
    if (!std::isfinite(numbers[i])) return std::nullopt;
  }
  return numbers;
}

std::optional<Box> box_of_sides(const json& list) {
  const auto numbers = four_numbers(list);
  if (!numbers) return std::nullopt;
  const auto [x, y, width, height] = *numbers;
  return Box{static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + width), static_cast<float>(y + height)};
}

int picture_side(const json& value) {
  double side = value.is_number() ? value.get<double>() : 0;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (std::from_chars(text.data(), text.data() + text.size(), side).ptr != text.data() + text.size()) return 0;
  }
  return side >= 1 && side <= largest_side && side == std::floor(side) ? static_cast<int>(side) : 0;
}

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
