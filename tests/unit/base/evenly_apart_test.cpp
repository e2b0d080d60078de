#include "omma/base/evenly_apart.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(EvenlyApart, HasTheFirstAndAShareOfEachPart) {
  using Numbers = std::vector<int>;
  const Numbers all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(evenly_apart(all, 5), (Numbers{0, 2, 4, 6, 8}));
  EXPECT_EQ(evenly_apart(all, 3), (Numbers{0, 3, 6}));
  EXPECT_EQ(evenly_apart(all, 10), all);
  EXPECT_EQ(evenly_apart(all, 99), all);
  EXPECT_EQ(evenly_apart(all, 0), Numbers());
}

}  // namespace
}  // namespace omma
