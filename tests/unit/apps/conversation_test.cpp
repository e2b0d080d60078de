#include "apps/conversation.h"

#include <gtest/gtest.h>

namespace omma::app {
namespace {

SharedImage picture() { return std::make_shared<const Image>(2, 3); }

TEST(Conversation, PicturesComeWithTheNextQuestion) {
  Conversation conversation("Be brief.");
  const SharedImage image = picture();
  conversation.show("a.png", image);
  const auto& first = conversation.ask("What is it?");
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].role, "system");
  ASSERT_EQ(first[1].parts.size(), 2U);
  EXPECT_EQ(std::get<SharedImage>(first[1].parts[0]), image);
  conversation.answer("A dog.");
  const auto& second = conversation.ask("Sure?");
  ASSERT_EQ(second.size(), 4U);
  EXPECT_EQ(std::get<std::string>(second[2].parts.front()), "A dog.");
  EXPECT_EQ(second[3].parts.size(), 1U);
}

TEST(Conversation, AQuestionThatFailedIsTakenBackWithItsPictures) {
  Conversation conversation("");
  conversation.show("a.png", picture());
  conversation.ask("What?");
  conversation.take_back();
  EXPECT_TRUE(conversation.empty());
  EXPECT_EQ(conversation.ask("Again?").back().parts.size(), 2U);
}

TEST(Conversation, IsLlavasJson) {
  Conversation conversation("");
  conversation.show("/here/a.png", picture());
  conversation.ask("Is <image> a word?");
  conversation.answer("Yes.");
  EXPECT_EQ(conversation.to_json("/here"), json::parse(R"([{"id": "0", "image": "a.png", "conversations": [
    {"from": "human", "value": "<image>\nIs < image > a word?"}, {"from": "gpt", "value": "Yes."}]}])"));
  conversation.show("/there/b.png", picture());
  conversation.ask("And this?");
  EXPECT_EQ(conversation.to_json("/here/out")[0]["image"], json({"../a.png", "../../there/b.png"}));
  conversation.clear();
  EXPECT_TRUE(conversation.empty());
}

TEST(Conversation, ClipsHaveAListOfTheirOwn) {
  Conversation conversation("");
  conversation.show("/here/a.mp4", std::make_shared<const VideoClip>());
  conversation.show("/here/b.png", picture());
  conversation.ask("Is <video> a word?");
  conversation.answer("Yes.");
  EXPECT_EQ(conversation.to_json("/here"), json::parse(R"([{"id": "0", "image": "b.png", "video": "a.mp4", "conversations": [
    {"from": "human", "value": "<video>\n<image>\nIs < video > a word?"}, {"from": "gpt", "value": "Yes."}]}])"));
}

}  // namespace
}  // namespace omma::app
