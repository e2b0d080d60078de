// Masks from outside: the first byte picks compressed run lengths, polygons or a job's record, the rest is that. Whatever it holds,
// std::invalid_argument or a mask that survives every form.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "omma/data/annotated_picture.h"
#include "omma/vision/mask_regions.h"
#include "omma/vision/polygons.h"
#include "omma/vision/run_lengths.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_forms(const omma::RunLengths& runs) {
  if (static_cast<std::int64_t>(runs.width) * runs.height > 1 << 16) return;
  const omma::Mask mask = omma::decode(runs);
  const omma::RunLengths canonical = omma::encode(mask);
  require(omma::union_of(std::array{runs}) == canonical);
  require(omma::bounding_box(runs) == omma::bounding_box(mask));
  require(omma::decompress(omma::compress(runs), runs.width, runs.height) == runs);
  require(omma::rasterize(omma::outlines_of(runs), runs.width, runs.height) == canonical);
  const std::vector<omma::Outline> simple = omma::outlines_of(runs, .9);
  require(omma::area(runs) == 0 ||
          omma::intersection_over_union(omma::rasterize(simple, runs.width, runs.height), canonical) >= .9);
}

void check_run_lengths(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto side = [](char byte) { return static_cast<std::uint8_t>(byte) % 128 + 1; };
  check_forms(omma::decompress(bytes.substr(2), side(bytes[0]), side(bytes[1])));
}

void check_polygons(std::string_view bytes) {
  std::vector<omma::Polygon> parts(1);
  for (; bytes.size() >= sizeof(double); bytes.remove_prefix(sizeof(double))) {
    double value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    if (std::isnan(value) && !parts.back().xy.empty())
      parts.emplace_back();
    else
      parts.back().xy.push_back(value);
  }
  check_forms(omma::rasterize(parts, 40, 30));
}

void check_record(std::string_view bytes) {
  const omma::AnnotatedPicture picture = omma::read_annotated_picture(bytes, "record");
  for (const omma::AnnotatedObject& object : picture.objects)
    if (object.mask) check_forms(*object.mask);
  require(omma::to_json(omma::read_annotated_picture(omma::dump_json(omma::to_json(picture)), "again")) == omma::to_json(picture));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array checks = {check_run_lengths, check_polygons, check_record};
  if (size == 0) return 0;
  try {
    checks[static_cast<std::uint8_t>(data[0] - '0') % checks.size()](
        std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
