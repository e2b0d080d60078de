#include "omma/text/told_text.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(ToldText, TellsWhatComesBeforeAStopString) {
  std::vector<std::string> heard;
  ToldText text({"stop"}, [&](std::string_view piece) {
    heard.emplace_back(piece);
    return true;
  });
  for (const char* piece : {"a st", "", "art s", "to", "p and more"}) text.push(piece);
  text.finish();
  EXPECT_EQ(heard, (std::vector<std::string>{"a ", "start "}));
  EXPECT_EQ(text.text(), "a start ");
  EXPECT_TRUE(text.stopped());
  EXPECT_FALSE(text.cancelled() || text.wants_more());
}

TEST(ToldText, TellsWhatWasHeldBackAtTheEnd) {
  ToldText text({"stop"});
  text.push("to be sto");
  EXPECT_EQ(text.text(), "to be ");
  text.finish();
  EXPECT_EQ(text.text(), "to be sto");
  EXPECT_FALSE(text.stopped());
}

TEST(ToldText, AListenerThatHasEnoughHearsNoMore) {
  int heard = 0;
  ToldText text({"stop"}, [&](std::string_view) { return ++heard < 2; });
  for (const char* piece : {"a", "b", "c", " sto"}) text.push(piece);
  text.finish();
  EXPECT_EQ(text.text(), "ab");
  EXPECT_TRUE(text.cancelled());
  EXPECT_FALSE(text.stopped() || text.wants_more());
}

}  // namespace
}  // namespace omma
