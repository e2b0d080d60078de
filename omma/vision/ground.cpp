#include "omma/vision/ground.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "omma/base/error.h"

namespace omma {
namespace {

using Mean = std::array<double, 3>;  // of the colours in a cell

// Means over side x side cells, row by row; a cell of a picture smaller than that is a pixel.
std::vector<Mean> cells_of(const Image& image, int side) {
  std::vector<Mean> cells(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  for (int row = 0; row < side; ++row) {
    const int top = row * image.height / side, bottom = std::max(top + 1, (row + 1) * image.height / side);
    for (int column = 0; column < side; ++column) {
      const int left = column * image.width / side, right = std::max(left + 1, (column + 1) * image.width / side);
      std::array<std::int64_t, 3> sum{};
      for (int y = top; y < bottom; ++y)
        for (int x = left; x < right; ++x)
          for (std::size_t c = 0; c < 3; ++c) sum[c] += image.pixel(x, y)[c];
      const double pixels = static_cast<double>(bottom - top) * (right - left);
      for (std::size_t c = 0; c < 3; ++c)
        cells[static_cast<std::size_t>(row * side + column)][c] = static_cast<double>(sum[c]) / pixels;
    }
  }
  return cells;
}

double difference(const Mean& a, const Mean& b) {
  return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
}

template <class Values>
double median(Values values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

constexpr int kSide = 32;

// A gradient: colour = base + across x + down y, x and y in 0..1 over the picture.
struct Gradient {
  Mean base{}, across{}, down{};

  Mean at(std::size_t cell) const {
    const double x = static_cast<double>(cell % kSide) / (kSide - 1), y = static_cast<double>(cell / kSide) / (kSide - 1);
    Mean color;
    for (std::size_t c = 0; c < 3; ++c) color[c] = base[c] + across[c] * x + down[c] * y;
    return color;
  }
};

// Least squares over the cells that are marked: the normal equations of 1, x and y, by Cramer's rule.
Gradient fit(const std::vector<Mean>& cells, const std::vector<bool>& marked) {
  double n = 0, x1 = 0, y1 = 0, xx = 0, xy = 0, yy = 0;
  Mean v1{}, vx{}, vy{};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!marked[i]) continue;
    const double x = static_cast<double>(i % kSide) / (kSide - 1), y = static_cast<double>(i / kSide) / (kSide - 1);
    n += 1, x1 += x, y1 += y, xx += x * x, xy += x * y, yy += y * y;
    for (std::size_t c = 0; c < 3; ++c) v1[c] += cells[i][c], vx[c] += cells[i][c] * x, vy[c] += cells[i][c] * y;
  }
  const auto determinant = [](double a, double b, double c, double d, double e, double f, double g, double h, double i) {
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  };
  const double whole = determinant(n, x1, y1, x1, xx, xy, y1, xy, yy);
  Gradient gradient;
  for (std::size_t c = 0; c < 3; ++c) {
    if (whole < 1e-9) {  // cells on one line
      gradient.base[c] = v1[c] / n;
      continue;
    }
    gradient.base[c] = determinant(v1[c], x1, y1, vx[c], xx, xy, vy[c], xy, yy) / whole;
    gradient.across[c] = determinant(n, v1[c], y1, x1, vx[c], xy, y1, vy[c], yy) / whole;
    gradient.down[c] = determinant(n, x1, v1[c], x1, xx, vx[c], y1, xy, vy[c]) / whole;
  }
  return gradient;
}

bool on_border(std::size_t cell) {
  const std::size_t x = cell % kSide, y = cell / kSide;
  return x == 0 || y == 0 || x == kSide - 1 || y == kSide - 1;
}

// The gradient of the border's cells, fitted anew to those that lie near it, and then to all others that do.
double even_share(const std::vector<Mean>& cells) {
  constexpr double near = 12;
  std::vector<bool> marked(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) marked[i] = on_border(i);
  std::vector<double> distances(cells.size());
  for (int round = 0; round < 6; ++round) {
    const Gradient gradient = fit(cells, marked);
    std::vector<double> fitted;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      distances[i] = difference(cells[i], gradient.at(i));
      if (marked[i]) fitted.push_back(distances[i]);
    }
    const double limit = std::max(near, median(fitted));
    for (std::size_t i = 0; i < cells.size(); ++i) marked[i] = distances[i] <= limit;
  }
  return static_cast<double>(std::ranges::count_if(distances, [](double d) { return d <= near; })) /
         static_cast<double>(cells.size());
}

double flat_share(const std::vector<Mean>& cells, int side) {
  constexpr double level = 4;
  int flat = 0;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const auto here = static_cast<std::size_t>(y * side + x);
      if (x + 1 < side) flat += difference(cells[here], cells[here + 1]) <= level;
      if (y + 1 < side) flat += difference(cells[here], cells[here + static_cast<std::size_t>(side)]) <= level;
    }
  }
  return static_cast<double>(flat) / (2.0 * side * (side - 1));
}

}  // namespace

GroundStatistics measure_ground(const Image& image) {
  check(!image.empty(), "measure_ground: expected a picture, got an empty one");
  const std::vector<Mean> coarse = cells_of(image, kSide), fine = cells_of(image, 2 * kSide);
  std::vector<double> border;
  for (std::size_t i = 0; i < coarse.size(); ++i)
    if (on_border(i)) border.push_back(std::ranges::max(coarse[i]));
  return {.even = even_share(coarse), .flat = flat_share(fine, 2 * kSide), .light = median(border)};
}

std::string_view kind_of_ground(const Image& image) {
  check(!image.empty(), "ground: expected a picture, got an empty one");
  constexpr double middle = 128, hardly_coloured = 10;  // of 255
  std::vector<int> brightness;                          // times three
  double colour = 0;
  for (std::size_t i = 0; i < image.data.size(); i += 3) {
    const auto [least, most] = std::minmax({image.data[i], image.data[i + 1], image.data[i + 2]});
    brightness.push_back(image.data[i] + image.data[i + 1] + image.data[i + 2]);
    colour += most - least;
  }
  const auto pixels = static_cast<double>(brightness.size());
  std::ranges::nth_element(brightness, brightness.begin() + std::ssize(brightness) / 2);
  if (brightness[brightness.size() / 2] < 3 * middle) return "dark";
  return colour / pixels > hardly_coloured ? "coloured" : "light";
}

}  // namespace omma
