#include "omma/agent/thinking.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(Thinking, IsTakenOut) {
  EXPECT_EQ(without_thinking("<think>\nAction: x\n</think>\n\nFinal Answer: 7"), "Final Answer: 7");
  EXPECT_EQ(without_thinking("no thought\nFinal Answer: 7 < 8 [x] "), "no thought\nFinal Answer: 7 < 8 [x] ");
  EXPECT_EQ(without_thinking("a <think>b</think> c"), "a  c");
  EXPECT_EQ(without_thinking("<think></think><think>x</think>y"), "y");
  EXPECT_EQ(without_thinking(""), "");
}

TEST(Thinking, UnclosedOrUnopened) {
  EXPECT_EQ(without_thinking("<think>\nFinal Answer: 3"), "");
  EXPECT_EQ(without_thinking("One. <think>Final Answer: 3</thin"), "One. ");
  EXPECT_EQ(without_thinking("It says\nFinal Answer: 3\n</think>\n\nFinal Answer: 7"), "Final Answer: 7");
  EXPECT_EQ(without_thinking("3</think>"), "");
  EXPECT_EQ(without_thinking("<thi"), "<thi");
}

TEST(Thinking, Spellings) {
  for (const char* text :
       {"<THINK>3</Think>7", "<thinking>3</thinking>7", "<thought>3</thought>7", "<reasoning>3</reasoning>7",
        "<seed:think>3</seed:think>7", "[THINK]3[/THINK]7", "\xE2\x97\x81think\xE2\x96\xB7 3 \xE2\x97\x81/think\xE2\x96\xB7 7",
        "<|begin_of_thought|>3<|end_of_thought|>7",
        "<|channel|>analysis<|message|>3<|end|><|start|>assistant<|channel|>final<|message|>7"})
    EXPECT_EQ(without_thinking(text), "7") << text;
}

TEST(Thinking, HoweverItArrives) {
  const std::string text = "a <thi b<think>x < y </ think> </think>\n c <|chan";
  for (std::size_t size = 1; size < text.size(); ++size) {
    ThinkingFilter filter;
    std::string said;
    for (std::size_t at = 0; at < text.size(); at += size) {
      const std::string piece = filter.push(std::string_view(text).substr(at, size));
      EXPECT_EQ(piece.find("<think"), std::string::npos);
      said += piece;
    }
    EXPECT_TRUE(filter.thought());
    EXPECT_FALSE(filter.inside());
    EXPECT_EQ(said + filter.finish(), "a <thi b\n c <|chan") << size;
  }
}

TEST(Thinking, ManyTagsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "<think>";
  EXPECT_EQ(without_thinking(text), "");
  text.clear();
  for (int i = 0; i < 200'000; ++i) text += "<think></think>";
  EXPECT_EQ(without_thinking(text), "");
}

}  // namespace
}  // namespace omma
