#include "omma/vision/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/vision/resize_kernels.h"

namespace omma {
namespace {

// Each kernel's formula keeps Pillow's order of operations: the weights must round alike.
double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

double cubic(double x) {  // Keys 1981 with a = -1/2
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos3(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

struct Kernel {
  double (*weight)(double);
  double support;  // the weight is 0 beyond
};

Kernel kernel_of(Resample resample) {
  switch (resample) {
    case Resample::bilinear:
      return {triangle, 1};
    case Resample::bicubic:
      return {cubic, 2};
    default:
      return {lanczos3, 3};
  }
}

// The weights of one axis, in fixed point.
class Taps {
 public:
  Taps(int from, int to, const Kernel& kernel) {
    const double scale = static_cast<double>(from) / to;
    const double stretch = std::max(scale, 1.0);  // antialiasing: the kernel covers what a destination pixel covers
    const double support = kernel.support * stretch;
    stride_ = 2 * static_cast<int>(std::ceil(support)) + 1;
    weights_.resize(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(to));
    std::vector<double> exact;
    for (int i = 0; i < to; ++i) {
      const double center = (i + 0.5) * scale;
      const int begin = std::max(static_cast<int>(center - support + 0.5), 0);
      const int end = std::min(static_cast<int>(center + support + 0.5), from);
      exact.clear();
      double sum = 0;
      for (int k = begin; k < end; ++k) {
        exact.push_back(kernel.weight((k - center + 0.5) * (1.0 / stretch)));
        sum += exact.back();
      }
      first_.push_back(begin);
      count_.push_back(end - begin);
      std::int32_t* weights = weights_.data() + static_cast<std::ptrdiff_t>(i) * stride_;
      for (const double weight : exact) *weights++ = fixed_point(sum != 0 ? weight / sum : weight);
    }
  }

  ResizeTaps view() const { return {first_.data(), count_.data(), weights_.data(), stride_}; }

 private:
  static std::int32_t fixed_point(double weight) {
    const double shifted = weight * (1 << resize_precision);
    return static_cast<std::int32_t>(shifted < 0 ? shifted - 0.5 : shifted + 0.5);
  }

  std::vector<std::int32_t> first_, count_, weights_;
  int stride_;
};

Image across(const Image& image, int width, const Kernel& kernel, int threads) {
  const Taps taps(image.width, width, kernel);
  Image result(width, image.height);
  const int blocks = (image.height + resize_lanes - 1) / resize_lanes;
  parallel_for(blocks, threads, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint8_t> scratch(3 * resize_lanes * (static_cast<std::size_t>(image.width) + static_cast<std::size_t>(width)));
    for (int y = static_cast<int>(begin) * resize_lanes; y < std::min(static_cast<int>(end) * resize_lanes, image.height);
         y += resize_lanes)
      resize_across(image.pixel(0, y), image.width, result.pixel(0, y), width, std::min(resize_lanes, image.height - y),
                    taps.view(), scratch.data());
  });
  return result;
}

Image down(const Image& image, int height, const Kernel& kernel, int threads) {
  const Taps taps(image.height, height, kernel);
  const ResizeTaps view = taps.view();
  Image result(image.width, height);
  parallel_for(height, threads, [&](std::int64_t begin, std::int64_t end) {
    for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y)
      resize_down(image.pixel(0, view.first[y]), result.pixel(0, y), 3 * static_cast<std::size_t>(image.width),
                  view.weights + static_cast<std::ptrdiff_t>(y) * view.stride, view.count[y]);
  });
  return result;
}

// What comes between the two passes is rounded to bytes, so that their order shows in the pixels. Pillow takes the rows away first
// where the height loses more than twice what the width loses (since 13.0, its pull request 9549; before, across always came
// first).
bool down_comes_first(Size from, Size to) {
  const std::int64_t rows = std::int64_t{from.height} - to.height, columns = std::int64_t{from.width} - to.width;
  return rows > 0 && rows > 2 * columns;
}

// Source indices of the nearest pixels; the running sum is Pillow's.
std::vector<int> nearest_indices(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  std::vector<int> indices;
  double position = scale * 0.5;
  for (int i = 0; i < to; ++i, position += scale) indices.push_back(std::min(static_cast<int>(position), from - 1));
  return indices;
}

Image resize_nearest(const Image& image, int width, int height) {
  const std::vector<int> columns = nearest_indices(image.width, width);
  Image result(width, height);
  int y = 0;
  for (const int row : nearest_indices(image.height, height)) {
    std::uint8_t* to = result.pixel(0, y++);
    for (const int column : columns) to = std::copy_n(image.pixel(column, row), 3, to);
  }
  return result;
}

}  // namespace

Image resize(const Image& image, int width, int height, Resample resample, int threads) {
  check(!image.empty(), "resize: expected a picture, got an empty one");
  check(width >= 1 && height >= 1, "resize: expected sides of 1 pixel or more, got {} x {}", width, height);
  if (width == image.width && height == image.height) return image;
  if (resample == Resample::nearest) return resize_nearest(image, width, height);
  const Kernel kernel = kernel_of(resample);
  if (width == image.width) return down(image, height, kernel, threads);
  if (height == image.height) return across(image, width, kernel, threads);
  if (down_comes_first({image.width, image.height}, {width, height}))
    return across(down(image, height, kernel, threads), width, kernel, threads);
  return down(across(image, width, kernel, threads), height, kernel, threads);
}

Size detr_size(Size image, int shortest, int longest) {
  check(image.width >= 1 && image.height >= 1, "detr_size: expected a picture, got {} x {} pixels", image.width, image.height);
  check(shortest >= 1 && longest >= 1, "detr_size: expected limits of 1 pixel or more, got {} and {}", shortest, longest);
  const double shorter = std::min(image.width, image.height), longer = std::max(image.width, image.height);
  // The longer side follows from the shorter one before it is rounded: with the limit reached that is a fraction.
  double exact_shorter = shortest;
  if (longer / shorter * shortest > longest) exact_shorter = longest * shorter / longer;
  const int rounded = static_cast<int>(std::nearbyint(exact_shorter));  // half to even, as Python's round
  if (rounded == static_cast<int>(shorter)) return image;
  const auto pixels = [](double side) { return std::max(1, static_cast<int>(side)); };
  if (image.width < image.height) return {pixels(rounded), pixels(exact_shorter * image.height / image.width)};
  return {pixels(exact_shorter * image.width / image.height), pixels(rounded)};
}

Size mask_rcnn_size(Size image, int shortest, int longest) {
  check(image.width >= 1 && image.height >= 1, "mask_rcnn_size: expected a picture, got {} x {} pixels", image.width, image.height);
  check(shortest >= 1 && longest >= 1, "mask_rcnn_size: expected limits of 1 pixel or more, got {} and {}", shortest, longest);
  const double shorter = std::min(image.width, image.height), longer = std::max(image.width, image.height);
  double side = shortest;
  if (longer / shorter * shortest > longest) side = std::max(1.0, std::nearbyint(longest * shorter / longer));  // half to even
  const auto other = static_cast<int>(side * longer / shorter);
  return image.width < image.height ? Size{static_cast<int>(side), other} : Size{other, static_cast<int>(side)};
}

Size clip_size(Size image, int shortest) {
  check(image.width >= 1 && image.height >= 1, "clip_size: expected a picture, got {} x {} pixels", image.width, image.height);
  check(shortest >= 1, "clip_size: expected a side of 1 pixel or more, got {}", shortest);
  const std::int64_t longer = std::max(image.width, image.height), shorter = std::min(image.width, image.height);
  const double exact = static_cast<double>(shortest * longer) / static_cast<double>(shorter);
  check(exact < 1 << 24, "clip_size: a picture of {} x {} pixels would be {:.0f} long", image.width, image.height, exact);
  const int longest = static_cast<int>(exact);
  return image.width <= image.height ? Size{shortest, longest} : Size{longest, shortest};
}

Size longest_side_size(Size image, int longest) {
  check(image.width >= 1 && image.height >= 1, "longest_side_size: expected a picture, got {} x {} pixels", image.width,
        image.height);
  check(longest >= 1, "longest_side_size: expected a side of 1 pixel or more, got {}", longest);
  const double scale = static_cast<double>(longest) / std::max(image.width, image.height);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(side * scale + 0.5)); };
  return {.width = scaled(image.width), .height = scaled(image.height)};
}

Image center_crop(const Image& image, Size size) {
  check(!image.empty(), "center_crop: expected a picture, got {} x {} pixels", image.width, image.height);
  check(size.width >= 1 && size.height >= 1, "center_crop: expected sides of 1 pixel or more, got {} x {}", size.width,
        size.height);
  const auto half_down = [](int length) { return length >= 0 ? length / 2 : -((1 - length) / 2); };
  const int left = half_down(image.width - size.width), top = half_down(image.height - size.height);  // of the crop in the picture
  const int from_x = std::max(0, left), to_x = std::min(image.width, left + size.width);
  const int from_y = std::max(0, top), to_y = std::min(image.height, top + size.height);
  Image cropped(size.width, size.height);
  for (int y = from_y; y < to_y; ++y)
    std::copy_n(image.pixel(from_x, y), 3 * static_cast<std::size_t>(to_x - from_x), cropped.pixel(from_x - left, y - top));
  return cropped;
}

}  // namespace omma
