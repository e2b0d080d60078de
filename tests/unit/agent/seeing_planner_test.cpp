#include "omma/agent/seeing_planner.h"

#include <gtest/gtest.h>

#include "omma/agent/react.h"

namespace omma {
namespace {

// Answers at once, and notes what it was shown.
class ScriptedChat : public ChatModel {
 public:
  explicit ScriptedChat(bool sees, std::vector<ChatTurn>* shown = nullptr) : sees_(sees), shown_(shown) {}
  bool sees_pictures() const override { return sees_; }
  ChatReply chat(std::span<const ChatTurn> turns, const GenerationOptions& options, const TextCallback&) override {
    shown_->assign(turns.begin(), turns.end());
    EXPECT_FALSE(options.stop.empty());
    ChatReply reply;
    reply.text = " I see it.\nFinal Answer: two";
    reply.tokens = 7;
    return reply;
  }
  std::vector<double> score(std::span<const ChatTurn>, std::span<const std::string>) override { return {}; }
  void clear() override {}

 private:
  bool sees_;
  std::vector<ChatTurn>* shown_;
};

TEST(SeeingPlanner, PlansWithThePictureBeforeIt) {
  std::vector<ChatTurn> shown;
  const auto picture = std::make_shared<const Image>(8, 8);
  SeeingPlanner planner(std::make_unique<ScriptedChat>(true, &shown), picture);
  const AgentResult result = run_agent(planner, Toolbox(), "How many dogs?", {});
  EXPECT_EQ(result.answer, "two");
  EXPECT_EQ(result.tokens, 7);
  ASSERT_EQ(shown.size(), 1U);
  ASSERT_EQ(shown[0].parts.size(), 2U);
  EXPECT_EQ(std::get<SharedImage>(shown[0].parts[0]), picture);
  const auto& text = std::get<std::string>(shown[0].parts[1]);
  EXPECT_NE(text.find("You see the picture"), std::string::npos);
  EXPECT_EQ(text.find("cannot see"), std::string::npos);
  EXPECT_NE(text.find("How many dogs?"), std::string::npos);
}

TEST(SeeingPlanner, OneThatIsBlindIsRefused) {
  EXPECT_THROW(SeeingPlanner(std::make_unique<ScriptedChat>(false), std::make_shared<const Image>(8, 8)), std::invalid_argument);
}

}  // namespace
}  // namespace omma
