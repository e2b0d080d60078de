#include "omma/models/sam/tiles.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace omma::sam {
namespace {

Box pixels(int x0, int y0, int x1, int y1) {
  return {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1), static_cast<float>(y1)};
}

// Along one axis.
class Steps {
 public:
  Steps(int length, int side, double overlap)
      : length_(length), side_(std::min(side, length)), stride_(std::max(1, static_cast<int>(side * (1 - overlap)))) {}
  int count() const { return 1 + (length_ - side_ + stride_ - 1) / stride_; }
  int begin(int index) const { return std::min(index * stride_, length_ - side_); }
  int end(int index) const { return begin(index) + side_; }
  int nearest(float middle) const {
    const float begin = middle - static_cast<float>(side_) / 2;
    return std::clamp(static_cast<int>(std::lround(begin / static_cast<float>(stride_))), 0, count() - 1);
  }

 private:
  int length_, side_, stride_;
};

}  // namespace

Box whole_picture(Size picture) { return pixels(0, 0, picture.width, picture.height); }

Image cropped(const Image& image, const Box& box) {
  Image crop(static_cast<int>(box.width()), static_cast<int>(box.height()));
  for (int y = 0; y < crop.height; ++y)
    std::copy_n(image.pixel(static_cast<int>(box.x0), static_cast<int>(box.y0) + y), 3 * static_cast<std::size_t>(crop.width),
                crop.pixel(0, y));
  return crop;
}

bool is_cut_off(const Box& mask, const Box& part, Size picture, float tolerance) {
  const auto edges = [](const Box& each) { return std::array{each.x0, each.y0, each.x1, each.y1}; };
  const auto own = edges(mask), near = edges(part), far = edges(whole_picture(picture));
  for (std::size_t i = 0; i < own.size(); ++i)
    if (std::abs(own[i] - near[i]) <= tolerance && std::abs(own[i] - far[i]) > tolerance) return true;
  return false;
}

std::vector<int> part_sides(Size picture, int frame, double enlargement) {
  std::vector<int> sides;
  const int longest = std::max(picture.width, picture.height);
  for (int side = std::max(1, static_cast<int>(std::lround(frame / enlargement))); side < longest; side *= 2) sides.push_back(side);
  return sides;
}

std::vector<Box> parts_of(Size picture, int side, double overlap) {
  const Steps across(picture.width, side, overlap), down(picture.height, side, overlap);
  std::vector<Box> parts;
  for (int row = 0; row < down.count(); ++row)
    for (int column = 0; column < across.count(); ++column)
      parts.push_back(pixels(across.begin(column), down.begin(row), across.end(column), down.end(row)));
  return parts;
}

Box part_around(float x, float y, int side, Size picture) {
  const Steps across(picture.width, side, 0.5), down(picture.height, side, 0.5);
  const int column = across.nearest(x), row = down.nearest(y);
  return pixels(across.begin(column), down.begin(row), across.end(column), down.end(row));
}

}  // namespace omma::sam
