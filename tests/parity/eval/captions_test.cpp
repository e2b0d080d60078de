// BLEU and CIDEr-D against pycocoevalcap on random and hand-made cases: equal up to rounding.
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/json.h"
#include "omma/eval/caption_metrics.h"

namespace omma {
namespace {

TEST(CaptionParity, BleuAndCiderOfEveryCase) {
  const char* folder = std::getenv("OMMA_PARITY_DIR");
  const json cases = read_json(std::filesystem::path(folder != nullptr ? folder : "build/parity") / "captions/cases.json");
  ASSERT_GE(cases.size(), 50U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::vector<CaptionCandidate> pictures;
    for (const json& picture : cases[i]["pictures"])
      pictures.push_back({picture["candidate"].get<Tokens>(), picture["references"].get<std::vector<Tokens>>()});
    const CaptionMetrics found = caption_metrics(pictures);
    for (std::size_t n = 0; n < found.bleu.size(); ++n)
      EXPECT_NEAR(found.bleu[n], cases[i]["bleu"][n].get<double>(), 1e-9) << "case " << i << ", BLEU-" << n + 1;
    EXPECT_NEAR(found.cider, cases[i]["cider"].get<double>(), 1e-9) << "case " << i;
    ASSERT_EQ(found.picture_ciders.size(), pictures.size());
    for (std::size_t p = 0; p < pictures.size(); ++p)
      EXPECT_NEAR(found.picture_ciders[p], cases[i]["ciders"][p].get<double>(), 1e-9) << "case " << i << ", picture " << p;
  }
}

}  // namespace
}  // namespace omma
