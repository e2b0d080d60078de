#include "omma/text/plural.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(Plural, ByRule) {
  EXPECT_EQ(plural_of("platelet"), "platelets");
  EXPECT_EQ(plural_of("box"), "boxes");
  EXPECT_EQ(plural_of("dish"), "dishes");
  EXPECT_EQ(plural_of("berry"), "berries");
  EXPECT_EQ(plural_of("toy"), "toys");
  EXPECT_EQ(plural_of("white bus"), "white buses");
}

TEST(Plural, WithoutARule) {
  EXPECT_EQ(plural_of("tall person"), "tall people");
  EXPECT_EQ(plural_of("jellyfish"), "jellyfish");
  EXPECT_EQ(plural_of("nucleus"), "nuclei");
}

}  // namespace
}  // namespace omma
