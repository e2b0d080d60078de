// COCO's figures of boxes and of masks against pycocotools on random cases: equal up to rounding.
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/json.h"
#include "omma/eval/coco_detection.h"

namespace omma {
namespace {

Box box_of(const json& region) {
  if (!region.contains("box")) return {};
  const json& xywh = region["box"];
  const float x = xywh[0], y = xywh[1], width = xywh[2], height = xywh[3];
  return {x, y, x + width, y + height};
}

RunLengths mask_of(const json& region) {
  if (!region.contains("segmentation")) return {};
  const json& mask = region["segmentation"];
  return decompress(mask["counts"].get<std::string>(), mask["size"][1], mask["size"][0]);
}

CocoEvaluation evaluation_of(const json& object, std::size_t max_detections) {
  CocoEvaluation evaluation(object["categories"].get<int>(), max_detections);
  for (const json& picture : object["pictures"]) {
    std::vector<CocoTruth> truths;
    for (const json& t : picture["truths"])
      truths.push_back({.category = t["category"],
                        .box = box_of(t),
                        .area = t["area"],
                        .crowd = t["crowd"],
                        .ignore = false,
                        .mask = mask_of(t)});
    std::vector<CocoDetection> detections;
    for (const json& d : picture["detections"])
      detections.push_back({.category = d["category"], .box = box_of(d), .score = d["score"], .mask = mask_of(d)});
    evaluation.add(truths, detections);
  }
  return evaluation;
}

json cases_in(const std::string& file) {
  const char* folder = std::getenv("OMMA_PARITY_DIR");
  return read_json(std::filesystem::path(folder != nullptr ? folder : "build/parity") / "coco" / file);
}

void expect_twelve_figures(const json& cases) {
  ASSERT_GE(cases.size(), 50U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const CocoMetrics m = evaluation_of(cases[i], 100).metrics();
    const std::vector<double> found = {m.ap,  m.ap50, m.ap75,  m.ap_small, m.ap_medium, m.ap_large,
                                       m.ar1, m.ar10, m.ar100, m.ar_small, m.ar_medium, m.ar_large};
    const auto expected = cases[i]["expected"].get<std::vector<double>>();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-9) << "case " << i << ", figure " << k;
  }
}

TEST(CocoParity, TwelveFiguresOfEveryCase) { expect_twelve_figures(cases_in("cases.json")); }

TEST(CocoParity, TwelveFiguresOfMasks) { expect_twelve_figures(cases_in("mask_cases.json")); }

TEST(CocoParity, MasksAsProposals) {
  const json cases = cases_in("mask_cases.json");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const CocoEvaluation evaluation = evaluation_of(cases[i], 1000);
    const json& expected = cases[i]["proposals"];
    EXPECT_NEAR(evaluation.average_recall(100), expected[0].get<double>(), 1e-9) << "case " << i;
    EXPECT_NEAR(evaluation.average_recall(1000), expected[1].get<double>(), 1e-9) << "case " << i;
    EXPECT_NEAR(evaluation.metrics(300).ap50, expected[2].get<double>(), 1e-9) << "case " << i;
    EXPECT_NEAR(evaluation.metrics(300).ap, expected[3].get<double>(), 1e-9) << "case " << i;
  }
}

}  // namespace
}  // namespace omma
