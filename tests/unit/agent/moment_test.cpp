// When in a clip a question means.
#include "omma/agent/moment.h"

#include <gtest/gtest.h>

#include <array>

namespace omma {
namespace {

struct Case {
  const char* question;
  double seconds;
  const char* rest;
};

constexpr double duration = 40;

TEST(Moment, IsToldByTheQuestion) {
  constexpr std::array cases = {
      Case{"How many cars are there at the end?", 40, "How many cars are there?"},
      Case{"How many cars are there at the very end of the clip?", 40, "How many cars are there?"},
      Case{"At the beginning, is there a dog?", 0, "Is there a dog?"},
      Case{"at the start of this video how many people are there", 0, "How many people are there"},
      Case{"What is in the last frame?", 40, "What is?"},
      Case{"Is there a bus in the first picture of the footage?", 0, "Is there a bus?"},
      Case{"How many cars are in the middle of the video?", 20, "How many cars are?"},
      Case{"Is there a car after 3 seconds?", 3, "Is there a car?"},
      Case{"Is there a car after 2.5 s.", 2.5, "Is there a car."},
      Case{"Is there a car at 12s?", 12, "Is there a car?"},
      Case{"Is there a car at 0:12?", 12, "Is there a car?"},
      Case{"Is there a car at second 7, near a tree?", 7, "Is there a car, near a tree?"},
      Case{"Is there a car after 1 minute?", 40, "Is there a car?"},  // beyond the clip: its end
      Case{"At the start or at the end?", 40, "At the start or?"},
  };
  for (const Case& each : cases) {
    const auto moment = moment_in(each.question, duration);
    ASSERT_TRUE(moment) << each.question;
    EXPECT_DOUBLE_EQ(moment->seconds, each.seconds) << each.question;
    EXPECT_EQ(moment->question, each.rest);
  }
}

TEST(Moment, OtherWordsTellNone) {
  for (const char* question :
       {"How many cars are there?", "Is the dog at the left end of the bench?", "What is in 3 cars?", "", "Who is in the last row?",
        "at", "at the", "after", "Is there a car at 1:x?", "after -3 seconds?", "at \xff\xfe", "in the first"})
    EXPECT_FALSE(moment_in(question, duration)) << question;
}

}  // namespace
}  // namespace omma
