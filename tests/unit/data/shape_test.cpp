#include "omma/data/world/shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

#include "omma/data/world/turn.h"

namespace omma {
namespace {

using Point = std::pair<double, double>;

// Corners on a circle of radius 1, clockwise on the screen.
std::vector<Point> corners_of(Shape shape) {
  const auto at_angles = [](std::vector<double> degrees) {
    std::vector<Point> corners;
    for (const double angle : degrees)
      corners.emplace_back(std::cos(angle * std::numbers::pi / 180), std::sin(angle * std::numbers::pi / 180));
    return corners;
  };
  const double third = std::tan(std::numbers::pi / 6);
  const auto box = [](double x, double y) { return std::vector<Point>{{-x, -y}, {x, -y}, {x, y}, {-x, y}}; };
  switch (shape) {
    case Shape::triangle:
      return at_angles({-30, 90, 210});
    case Shape::square:
      return at_angles({45, 135, 225, 315});
    case Shape::diamond:
      return {{1, 0}, {0, third}, {-1, 0}, {0, -third}};
    case Shape::pentagon:
      return at_angles({-18, 54, 126, 198, 270});
    case Shape::hexagon:
      return at_angles({30, 90, 150, 210, 270, 330});
    case Shape::rectangle:
      return box(3 / std::sqrt(13), 2 / std::sqrt(13));
    case Shape::stripe:
      return box(3 / std::sqrt(10), 1 / std::sqrt(10));
    case Shape::disc:
      break;
  }
  return {};
}

// How far a point lies outside; below 0 inside. In units of the radius.
double outside(Shape shape, double x, double y) {
  const std::vector<Point> corners = corners_of(shape);
  if (corners.empty()) return std::hypot(x, y) - 1;
  double farthest = -1;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const auto [ax, ay] = corners[i];
    const auto [bx, by] = corners[(i + 1) % corners.size()];
    farthest = std::max(farthest, ((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / std::hypot(bx - ax, by - ay));
  }
  return farthest;
}

TEST(Turn, SinesOfEveryDegree) {
  for (int degrees = -720; degrees <= 720; ++degrees) {
    EXPECT_NEAR(fixed_sine(degrees), 65536 * std::sin(degrees * std::numbers::pi / 180), .51) << degrees;
    EXPECT_NEAR(fixed_cosine(degrees), 65536 * std::cos(degrees * std::numbers::pi / 180), .51) << degrees;
  }
}

TEST(Shape, MasksAreWhatGeometrySays) {
  for (int i = 0; i <= static_cast<int>(Shape::stripe); ++i) {
    const auto shape = static_cast<Shape>(i);
    for (const int turn : {0, 17, 45, 163, 301}) {
      const ShapePose pose{.shape = shape, .radius = 20 * 256 + 77, .x = 300, .y = -200, .turn = turn};
      const Stamp stamp = draw_shape(pose, 200, 51, 47);
      int area = 0;
      for (int y = 0; y < 47; ++y) {
        for (int x = 0; x < 51; ++x) {
          const double right = (x + .5 - 25.5 - 300 / 256.0) * 256 / pose.radius,
                       down = (y + .5 - 23.5 + 200 / 256.0) * 256 / pose.radius;
          const double angle = -turn * std::numbers::pi / 180;
          const double distance =
              outside(shape, right * std::cos(angle) - down * std::sin(angle), right * std::sin(angle) + down * std::cos(angle)) *
              pose.radius / 256;
          const Texel texel = stamp.texels[static_cast<std::size_t>(y * 51 + x)];
          area += texel.alpha >= Stamp::solid;
          const bool is_solid = texel.alpha >= Stamp::solid;
          EXPECT_TRUE(is_solid == (distance < 0) || std::abs(distance) < .03) << name_of(shape) << " " << x << " " << y;
          EXPECT_TRUE(texel.alpha == (is_solid ? 255 : 0) || std::abs(distance) < .56) << name_of(shape) << " " << x << " " << y;
          const double brightness = texel.alpha == 0 ? 0 : texel.light * 255.0 / texel.alpha;
          EXPECT_TRUE(distance > -2.3 || texel.light == 200) << name_of(shape) << " " << x << " " << y;  // within the rim
          EXPECT_TRUE(distance < -1.1 || texel.alpha < 100 || std::abs(brightness - 125) < 2) << brightness;
        }
      }
      EXPECT_EQ(stamp.area, area);
    }
  }
}

TEST(Shape, InnerCirclesFit) {
  const std::map<Shape, double> expected = {{Shape::disc, 1},          {Shape::triangle, .5},    {Shape::square, .7071},
                                            {Shape::diamond, .5},      {Shape::pentagon, .8090}, {Shape::hexagon, .8660},
                                            {Shape::rectangle, .5547}, {Shape::stripe, .3162}};
  for (const auto& [shape, radius] : expected) EXPECT_NEAR(inner_radius(shape) / 1024.0, radius, .001) << name_of(shape);
}

}  // namespace
}  // namespace omma
