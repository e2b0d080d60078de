#include "omma/models/llava/chat.h"

#include <gtest/gtest.h>

#include "omma/models/chat_tasks.h"
#include "tests/temporary_directory.h"
#include "tests/unit/llava/small_llava.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

SharedImage picture(std::uint8_t shade) {
  Image image(9, 8);
  for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<std::uint8_t>(shade + 7 * i);
  return std::make_shared<const Image>(std::move(image));
}

GenerationOptions few_tokens() {
  GenerationOptions options;
  options.max_tokens = 6;
  return options;
}

class LlavaChatTest : public ::testing::Test {
 protected:
  static std::unique_ptr<LlavaChat> anew() {
    return std::make_unique<LlavaChat>(testing::small_llava(), ChatTemplate::built_in("vicuna_v1"));
  }
  std::unique_ptr<LlavaChat> chat_ = anew();
};

TEST_F(LlavaChatTest, ASecondTurnReadsItsOwnTokensOnly) {
  std::vector<ChatTurn> turns = {{"user", std::vector<ChatPart>{picture(1), "What is it?"}}};
  const ChatReply first = chat_->chat(turns, few_tokens());
  EXPECT_EQ(first.read_tokens, first.prompt_tokens);
  EXPECT_EQ(first.encoded_pictures, 1);

  turns.emplace_back("assistant", first.text);
  turns.emplace_back("user", "Sure?");
  const ChatReply second = chat_->chat(turns, few_tokens());
  EXPECT_LE(second.read_tokens, second.prompt_tokens - first.prompt_tokens);
  EXPECT_EQ(second.encoded_pictures, 0);
  EXPECT_EQ(second.text, anew()->chat(turns, few_tokens()).text);

  chat_->clear();
  EXPECT_EQ(chat_->chat(turns, few_tokens()).read_tokens, second.prompt_tokens);
}

TEST_F(LlavaChatTest, APictureIsKnownByItsPixels) {
  const std::vector<ChatTurn> turns = {{"user", std::vector<ChatPart>{picture(1), picture(9), picture(1), "Alike?"}}};
  EXPECT_EQ(chat_->chat(turns, few_tokens()).encoded_pictures, 2);
  const std::vector<ChatTurn> again = {{"user", std::vector<ChatPart>{picture(1), picture(9), picture(1), "Are they alike?"}}};
  EXPECT_EQ(chat_->chat(again, few_tokens()).encoded_pictures, 0);
  const std::vector<ChatTurn> other = {{"user", std::vector<ChatPart>{picture(1), picture(8), picture(1), "Alike?"}}};
  const ChatReply reply = chat_->chat(other, few_tokens());
  EXPECT_EQ(reply.encoded_pictures, 1);
  EXPECT_EQ(reply.text, anew()->chat(other, few_tokens()).text);
}

TEST_F(LlavaChatTest, WhatPeopleWriteIsText) {
  const std::vector<ChatTurn> plain = {{"user", std::vector<ChatPart>{picture(1), "Is <image> or </s> a word?"}}};
  const ChatReply reply = chat_->chat(plain, few_tokens());  // one picture, one place
  const std::vector<ChatTurn> spelled = {{"user", std::vector<ChatPart>{picture(1), "Is (image) or (/s) a word?"}}};
  EXPECT_EQ(reply.prompt_tokens, chat_->chat(spelled, few_tokens()).prompt_tokens);
  const std::vector<ChatTurn> none = {{"user", "<image>"}};
  EXPECT_NO_THROW(chat_->chat(none, few_tokens()));
}

TEST_F(LlavaChatTest, AnAnswerThatHasBegunGoesOn) {
  std::vector<ChatTurn> turns = {{"user", std::vector<ChatPart>{picture(1), "What is it?"}}};
  const ChatReply whole = chat_->chat(turns, few_tokens());
  turns.emplace_back("assistant", "A dog");
  const ChatReply rest = chat_->chat(turns, few_tokens());
  EXPECT_EQ(rest.prompt_tokens, whole.prompt_tokens + static_cast<int>(std::string(" A dog").size()));
}

TEST_F(LlavaChatTest, ItsOwnStopStringsEndAnAnswer) {
  const std::vector<ChatTurn> turns = {{"user", std::vector<ChatPart>{picture(1), "What is it?"}}};
  const std::string whole = chat_->chat(turns, few_tokens()).text;
  ASSERT_GT(whole.size(), 2U);
  LlavaCheckpoint checkpoint = testing::small_llava();
  checkpoint.generation.stop_strings = json::array({"never", whole.substr(2, 1)});
  LlavaChat stopped(std::move(checkpoint), ChatTemplate::built_in("vicuna_v1"));
  const ChatReply reply = stopped.chat(turns, few_tokens());
  EXPECT_EQ(reply.end, GeneratedText::End::stop);
  EXPECT_EQ(reply.text, whole.substr(0, whole.find(whole[2])));
}

TEST_F(LlavaChatTest, OneErrorEachForWhatCannotBe) {
  EXPECT_NE(invalid_argument_of([&] { chat_->chat({}, {}); }).find("turn"), std::string::npos);
  const std::vector<ChatTurn> empty = {{"user", std::vector<ChatPart>{std::make_shared<const Image>(), "?"}}};
  EXPECT_NE(invalid_argument_of([&] { chat_->chat(empty, {}); }).find("picture"), std::string::npos);
  const std::vector<ChatTurn> endless = {{"user", std::string(2000, 'a')}};
  EXPECT_NE(invalid_argument_of([&] { chat_->chat(endless, {}); }).find("1024"), std::string::npos);
  LlavaChat blind(testing::small_llava(), ChatTemplate::built_in("llama_2"));
  EXPECT_NO_THROW(blind.chat(std::vector<ChatTurn>{{"user", "hello"}}, few_tokens()));
}

TEST_F(LlavaChatTest, ScoresAreTheLogProbabilitiesOfWholeReplies) {
  const std::vector<ChatTurn> turns = {{"user", std::vector<ChatPart>{picture(1), "What is it?"}}};
  const std::vector<std::string> replies = {"a dog", "it"};
  const std::vector<double> scores = chat_->score(turns, replies);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_LT(scores[0], scores[1]);  // of random weights the longer one is the less likely
  EXPECT_NEAR(anew()->score(turns, std::vector<std::string>{"it"})[0], scores[1], 1e-4);
}

TEST_F(LlavaChatTest, CaptionsAndAnswers) {
  ChatAnswerer answerer(anew());
  const SharedImage image = picture(1);
  const std::vector<VisualQuestion> questions = {{.images = {image.get(), 1}, .text = "What is it?"}};
  const std::vector<ChatTurn> turns = {{"user", std::vector<ChatPart>{image, "What is it?"}}};
  AnswerOptions options;
  options.answers = {"a dog", "it"};
  EXPECT_EQ(answerer.answer(questions, options)[0].answer, "it");
  ChatCaptioner captioner(anew());
  CaptionOptions caption;
  caption.generation = few_tokens();
  EXPECT_EQ(captioner.caption({image.get(), 1}, caption)[0].captions.size(), 1U);
  EXPECT_THROW(answerer.answer(std::vector<VisualQuestion>{{.images = {image.get(), 1}, .text = " "}}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
