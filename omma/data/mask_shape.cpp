#include "omma/data/mask_shape.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include "omma/base/error.h"
#include "omma/data/picture_size.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

constexpr double writers_rounding = .5;     // pixels: writers round points to them
constexpr double max_coordinate = 1e6;      // pixels: no writer means it
constexpr std::size_t max_pairs = 4 << 20;  // of sides that are looked at for a crossing
constexpr double max_columns = 32 << 20;    // that an outline passes, each at a cost

std::string excerpt(const json& value) { return dump_json(value).substr(0, 80); }

Polygon read_polygon(const json& numbers) {
  Polygon polygon;
  polygon.xy.reserve(numbers.size());
  for (const json& number : numbers) {
    const double value = number.is_number() ? number.get<double>() : std::nan("");
    check(std::abs(value) <= max_coordinate, "expected coordinates of a polygon, numbers of at most {:g}, got {}", max_coordinate,
          excerpt(number));
    polygon.xy.push_back(value);
  }
  check(polygon.xy.size() % 2 == 0, "expected a polygon of x and y in turn, got {} numbers", polygon.xy.size());
  return polygon;
}

MaskShape read_run_lengths(const json& object) {
  const json size = object.value("size", json()), counts = object.value("counts", json());
  const bool has_size = size.is_array() && size.size() == 2;
  const int height = has_size ? picture_side(size[0]) : 0, width = has_size ? picture_side(size[1]) : 0;
  check(height > 0 && width > 0, "expected run lengths with a size [height, width], got {}", excerpt(size));
  check(counts.is_array() || counts.is_string(), "expected counts, a list of run lengths or COCO's text, got {}", excerpt(counts));
  if (counts.is_string()) return {.polygons = {}, .counts = counts.get<std::string>(), .size = {width, height}};
  RunLengths runs{width, height, {}};
  const std::int64_t pixels = static_cast<std::int64_t>(width) * height;
  std::int64_t total = 0;
  for (const json& count : counts) {
    const double value = count.is_number() ? count.get<double>() : -1;
    check(value >= 0 && value == std::floor(value) && value <= static_cast<double>(pixels - total),
          "count {} of the run lengths, {}, does not fit into {} x {} pixels", runs.counts.size(), excerpt(count), width, height);
    runs.counts.push_back(static_cast<std::uint32_t>(value));
    total += runs.counts.back();
  }
  check(total == pixels, "run lengths: expected {} x {} = {} pixels, got {}", width, height, pixels, total);
  return {.polygons = {}, .counts = compress(runs), .size = {width, height}};
}

bool passes_border(const Polygon& polygon, ImageSize picture) {
  const std::array<double, 2> sides = {static_cast<double>(picture.width), static_cast<double>(picture.height)};
  for (std::size_t i = 0; i < polygon.xy.size(); ++i)
    if (polygon.xy[i] < -writers_rounding || polygon.xy[i] > sides[i % 2] + writers_rounding) return true;
  return false;
}

// Of a picture so wide, in the middle of which an outline changes what is inside.
double passed_columns(const Polygon& polygon, int width) {
  const std::size_t points = polygon.xy.size() / 2;
  double columns = 0;
  for (std::size_t i = 0; i < points; ++i)
    columns += std::min(std::abs(polygon.xy[2 * ((i + 1) % points)] - polygon.xy[2 * i]), static_cast<double>(width));
  return columns;
}

struct OutlineSide {
  double x0, y0, x1, y1;
  double left() const { return std::min(x0, x1); }
  double right() const { return std::max(x0, x1); }
};

// On which side of the line through `side` the point lies: above 0, below 0, or on it.
double turn(const OutlineSide& side, double x, double y) {
  return (side.x1 - side.x0) * (y - side.y0) - (side.y1 - side.y0) * (x - side.x0);
}

bool cross(const OutlineSide& a, const OutlineSide& b) {
  const auto apart = [](double first, double second) { return (first > 0 && second < 0) || (first < 0 && second > 0); };
  return apart(turn(a, b.x0, b.y0), turn(a, b.x1, b.y1)) && apart(turn(b, a.x0, a.y0), turn(b, a.x1, a.y1));
}

// Off by more than writers' conventions are: some count the last pixel, some do not, and some shrink the box to whole pixels.
bool disagree(const Box& labelled, const Box& mask) {
  const auto off = [](float a, float b, float side) { return std::abs(a - b) > std::max(2.F, .1F * side); };
  return off(labelled.x0, mask.x0, mask.width()) || off(labelled.x1, mask.x1, mask.width()) ||
         off(labelled.y0, mask.y0, mask.height()) || off(labelled.y1, mask.y1, mask.height());
}

std::string text_of(const Box& box) { return fmt::format("[{:g}, {:g}, {:g}, {:g}]", box.x0, box.y0, box.x1, box.y1); }

}  // namespace

MaskShape read_mask_shape(const json& segmentation) {
  if (segmentation.is_object()) return read_run_lengths(segmentation);
  check(segmentation.is_array() && !segmentation.empty(), "expected a segmentation, polygons or run lengths, got {}",
        excerpt(segmentation));
  MaskShape shape;
  if (segmentation.front().is_number()) {
    shape.polygons.push_back(read_polygon(segmentation));
    return shape;
  }
  for (const json& part : segmentation) {
    check(part.is_array(), "expected a list of polygons, each a list of numbers, got {}", excerpt(part));
    shape.polygons.push_back(read_polygon(part));
  }
  return shape;
}

// Sides by their left ends; each is compared with those before it that reach as far right.
bool crosses_itself(const Polygon& polygon) {
  const std::size_t points = polygon.xy.size() / 2;
  std::vector<OutlineSide> sides;
  for (std::size_t i = 0; i < points; ++i) {
    const std::size_t next = (i + 1) % points;
    sides.push_back({polygon.xy[2 * i], polygon.xy[2 * i + 1], polygon.xy[2 * next], polygon.xy[2 * next + 1]});
  }
  std::ranges::sort(sides, {}, &OutlineSide::left);
  std::vector<OutlineSide> reaching;
  std::size_t pairs = 0;
  for (const OutlineSide& side : sides) {
    std::erase_if(reaching, [&](const OutlineSide& before) { return before.right() < side.left(); });
    pairs += reaching.size();
    if (pairs > max_pairs) return false;
    if (std::ranges::any_of(reaching, [&](const OutlineSide& before) { return cross(before, side); })) return true;
    reaching.push_back(side);
  }
  return false;
}

bool PictureMasks::has_fault(DatasetFault fault) const {
  return std::ranges::any_of(faults, [&](const auto& told) { return told.first == fault; });
}

void PictureMasks::leave_out(DatasetFault fault, std::string message) {
  ++listed;
  faults.emplace_back(fault, std::move(message));
}

void PictureMasks::add(RunLengths mask, SegmentationTarget target, const std::optional<Box>& box, std::string_view where) {
  const std::int64_t pixels = area(mask);
  if (pixels == 0)
    return leave_out(DatasetFault::empty_mask,
                     fmt::format("{}: not one pixel of the picture of {} x {} is set", where, mask.width, mask.height));
  ++listed;
  target.box = bounding_box(mask);
  if (target.area < 0) target.area = static_cast<double>(pixels);
  if (box && disagree(*box, target.box))
    faults.emplace_back(DatasetFault::box_disagrees,
                        fmt::format("{}: the box is {}, the one around the mask {}", where, text_of(*box), text_of(target.box)));
  target.mask = std::move(mask);
  targets.push_back(std::move(target));
}

void PictureMasks::add(const MaskShape& shape, SegmentationTarget target, const std::optional<Box>& box, ImageSize picture,
                       std::string_view where) {
  if (shape.polygons.empty() && shape.size != picture)
    return leave_out(DatasetFault::mask_size, fmt::format("{}: run lengths of {} x {} in a picture of {} x {}", where,
                                                          shape.size.width, shape.size.height, picture.width, picture.height));
  try {
    add(shape.polygons.empty() ? decompress(shape.counts, picture.width, picture.height) : draw(shape.polygons, picture, where),
        std::move(target), box, where);
  } catch (const std::invalid_argument& error) {
    leave_out(DatasetFault::malformed_mask, fmt::format("{}: {}", where, error.what()));
  }
}

RunLengths PictureMasks::draw(const std::vector<Polygon>& polygons, ImageSize picture, std::string_view where) {
  const auto tell = [&](DatasetFault fault, const std::string& message) {
    faults.emplace_back(fault, fmt::format("{}: {}", where, message));
  };
  const auto too_short = [](const Polygon& polygon) { return polygon.xy.size() < 2 * 3; };
  std::vector<Polygon> parts;
  std::ranges::copy_if(polygons, std::back_inserter(parts), std::not_fn(too_short));
  check(!parts.empty(), "expected a polygon of three points or more, got {}", polygons.front().xy.size() / 2);
  double columns = 0;
  for (const Polygon& part : parts) columns += passed_columns(part, picture.width);
  check(columns <= max_columns, "an outline that passes {:g} columns of pixels is over the limit of {:g}", columns, max_columns);

  for (std::size_t i = parts.size(); i < polygons.size(); ++i)
    tell(DatasetFault::malformed_mask, "one of the polygons has less than three points");
  if (std::ranges::any_of(parts, [&](const Polygon& part) { return passes_border(part, picture); }))
    tell(DatasetFault::mask_outside,
         fmt::format("a polygon passes the border of the picture of {} x {}", picture.width, picture.height));
  if (std::ranges::any_of(parts, crosses_itself)) tell(DatasetFault::crossing_polygon, "a polygon crosses itself");
  return rasterize(parts, picture.width, picture.height);
}

}  // namespace omma
