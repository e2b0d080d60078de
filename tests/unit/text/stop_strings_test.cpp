#include "omma/text/stop_strings.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace omma {
namespace {

// The whole text given in pieces of `size` bytes, and all that came out.
std::string filtered(const std::vector<std::string>& stops, const std::string& text, std::size_t size) {
  StopStrings filter(stops);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) out += filter.push(text.substr(at, size));
  return out + filter.finish();
}

TEST(StopStrings, NeverLeakPartOfAStop) {
  for (std::size_t size = 1; size < 20; ++size) {
    EXPECT_EQ(filtered({"\nObservation:"}, "a\nb\nObs\nObservation: c", size), "a\nb\nObs");
    EXPECT_EQ(filtered({"\nObservation:"}, "ends with\nObservation", size), "ends with\nObservation");
    EXPECT_EQ(filtered({"aab"}, "aaaab", size), "aa");
    EXPECT_EQ(filtered({}, "all of it", size), "all of it");
  }
}

TEST(StopStrings, HoldsBackOnlyWhatCouldBecomeOne) {
  StopStrings filter({"stop"});
  EXPECT_EQ(filter.push("a st"), "a ");
  EXPECT_EQ(filter.push("art s"), "start ");
  EXPECT_EQ(filter.push("top and more"), "");
  EXPECT_TRUE(filter.met());
  EXPECT_EQ(filter.push("more"), "");
  EXPECT_EQ(filter.finish(), "");
}

TEST(StopStrings, RefusesEmptyAndMany) {
  EXPECT_THROW(StopStrings({""}), std::invalid_argument);
  EXPECT_THROW(StopStrings({std::string(1001, 'x')}), std::invalid_argument);
  EXPECT_THROW(StopStrings(std::vector<std::string>(65, "x")), std::invalid_argument);
}

}  // namespace
}  // namespace omma
