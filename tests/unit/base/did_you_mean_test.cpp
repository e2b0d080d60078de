#include "omma/base/did_you_mean.h"

#include <gtest/gtest.h>

#include <vector>

namespace omma {
namespace {

TEST(DidYouMean, NearNamesAlone) {
  const std::vector<std::string> names = {"detect", "caption", "ask", "--phrase"};
  EXPECT_EQ(did_you_mean("detcet", names), "; did you mean detect?");
  EXPECT_EQ(did_you_mean("Detect", names), "; did you mean detect?");
  EXPECT_EQ(did_you_mean("captions", names), "; did you mean caption?");
  EXPECT_EQ(did_you_mean("--phrases", names), "; did you mean --phrase?");
  EXPECT_EQ(did_you_mean("aks", names), "; did you mean ask?");
  EXPECT_EQ(did_you_mean("segment", names), "");
  EXPECT_EQ(did_you_mean("", names), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'a'), names), "");
}

}  // namespace
}  // namespace omma
