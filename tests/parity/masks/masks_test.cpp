// Polygons and run lengths against pycocotools: the same bytes.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "omma/base/json.h"
#include "omma/vision/polygons.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

json recorded_cases(const char* kind) {
  const char* folder = std::getenv("OMMA_PARITY_DIR");
  return read_json(std::filesystem::path(folder != nullptr ? folder : "build/parity") / "masks/cases.json")[kind];
}

TEST(MasksParity, PolygonsGiveTheSamePixels) {
  const json cases = recorded_cases("polygons");
  ASSERT_GE(cases.size(), 3000U);
  for (const json& item : cases) {
    std::vector<Polygon> parts;
    for (const json& part : item["parts"]) parts.push_back({part.get<std::vector<double>>()});
    EXPECT_EQ(compress(rasterize(parts, item["width"], item["height"])), item["counts"]) << dump_json(item);
  }
}

TEST(MasksParity, RunLengthsAreJoinedAndComparedAlike) {
  const json cases = recorded_cases("masks");
  ASSERT_GE(cases.size(), 300U);
  for (const json& item : cases) {
    std::vector<RunLengths> masks;
    for (const json& counts : item["counts"]) masks.push_back(decompress(counts.get<std::string>(), item["width"], item["height"]));
    EXPECT_EQ(compress(union_of(masks)), item["union"]);
    EXPECT_EQ(compress(intersection_of(masks[0], masks[1])), item["intersection"]);
    for (std::size_t i = 0; i < masks.size(); ++i) {
      EXPECT_EQ(compress(encode(decode(masks[i]))), item["counts"][i]);
      EXPECT_EQ(area(masks[i]), item["area"][i]);
      const Box box = bounding_box(masks[i]);
      EXPECT_EQ((std::array{box.x0, box.y0, box.width(), box.height()}), item["box"][i]);
      for (std::size_t j = 0; j < masks.size(); ++j)
        EXPECT_DOUBLE_EQ(intersection_over_union(masks[i], masks[j]), item["iou"][i][j]);
    }
  }
}

}  // namespace
}  // namespace omma
