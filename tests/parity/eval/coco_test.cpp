// COCO's figures against pycocotools on random cases: equal up to rounding.
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/json.h"
#include "omma/eval/coco_detection.h"

namespace omma {
namespace {

Box box_of(const json& xywh) {
  const float x = xywh[0], y = xywh[1], width = xywh[2], height = xywh[3];
  return {x, y, x + width, y + height};
}

CocoMetrics judge(const json& object) {
  CocoEvaluation evaluation(object["categories"].get<int>());
  for (const json& picture : object["pictures"]) {
    std::vector<CocoTruth> truths;
    for (const json& t : picture["truths"])
      truths.push_back(
          {.category = t["category"], .box = box_of(t["box"]), .area = t["area"], .crowd = t["crowd"], .ignore = false});
    std::vector<CocoDetection> detections;
    for (const json& d : picture["detections"])
      detections.push_back({.category = d["category"], .box = box_of(d["box"]), .score = d["score"]});
    evaluation.add(std::move(truths), std::move(detections));
  }
  return evaluation.metrics();
}

TEST(CocoParity, TwelveFiguresOfEveryCase) {
  const char* folder = std::getenv("OMMA_PARITY_DIR");
  const json cases = read_json(std::filesystem::path(folder != nullptr ? folder : "build/parity") / "coco/cases.json");
  ASSERT_GE(cases.size(), 50U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const CocoMetrics m = judge(cases[i]);
    const std::vector<double> found = {m.ap,  m.ap50, m.ap75,  m.ap_small, m.ap_medium, m.ap_large,
                                       m.ar1, m.ar10, m.ar100, m.ar_small, m.ar_medium, m.ar_large};
    const auto expected = cases[i]["expected"].get<std::vector<double>>();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-9) << "case " << i << ", figure " << k;
  }
}

}  // namespace
}  // namespace omma
