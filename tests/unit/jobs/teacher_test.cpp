#include "omma/jobs/teacher.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

const TeacherRequest request = {.kind = InstructKind::detail,
                                .messages = {{.role = "system", .content = "You see by text."},
                                             {.role = "user", .content = "a red dog"},
                                             {.role = "assistant", .content = "There is a red dog."},
                                             {.role = "user", .content = "a blue car"}},
                                .seed = 0x1234567890};

void expect_generation(const GenerationOptions& options) {
  EXPECT_TRUE(options.sample);
  EXPECT_GT(options.max_tokens, 100);
  EXPECT_EQ(options.seed, 0x34567890U);  // within what every server takes
}

class RecordingModel : public LanguageModel {
 public:
  RecordingModel(std::string& prompt, GenerationOptions& options) : prompt_(prompt), options_(options) {}
  GeneratedText generate(std::string_view prompt, const GenerationOptions& options, const TextCallback&) override {
    prompt_ = prompt;
    options_ = options;
    return {.text = " A blue car.", .prompt_tokens = 30, .tokens = 4};
  }

 private:
  std::string& prompt_;
  GenerationOptions& options_;
};

class RecordingChat : public ChatModel {
 public:
  RecordingChat(std::vector<ChatTurn>& turns, GenerationOptions& options) : turns_(turns), options_(options) {}
  bool knows_system = true;
  bool sees_pictures() const override { return false; }
  ChatReply chat(std::span<const ChatTurn> turns, const GenerationOptions& options, const TextCallback&) override {
    if (!knows_system && turns.front().role == "system") throw std::invalid_argument("template: roles must alternate");
    turns_.assign(turns.begin(), turns.end());
    options_ = options;
    ChatReply reply;
    reply.text = "A blue car.";
    reply.prompt_tokens = 31;
    reply.tokens = 5;
    return reply;
  }
  std::vector<double> score(std::span<const ChatTurn>, std::span<const std::string>) override { return {}; }
  void clear() override {}

 private:
  std::vector<ChatTurn>& turns_;
  GenerationOptions& options_;
};

TEST(Teacher, ALanguageModelGoesOnFromTheMessagesWrittenOut) {
  std::string prompt;
  GenerationOptions options;
  LanguageModelTeacher teacher(std::make_unique<RecordingModel>(prompt, options));
  EXPECT_EQ(teacher.ask(request), (TeacherReply{.text = " A blue car.", .prompt_tokens = 30, .tokens = 4}));
  EXPECT_EQ(prompt, "You see by text.\n\nUser: a red dog\n\nAssistant: There is a red dog.\n\nUser: a blue car\n\nAssistant:");
  expect_generation(options);
  ASSERT_FALSE(options.stop.empty());
  for (const std::string& stop : options.stop) EXPECT_TRUE(stop.ends_with("\nUser:"));  // where it would ask itself
}

TEST(Teacher, AChatModelGetsTheMessagesAsTurns) {
  std::vector<ChatTurn> turns;
  GenerationOptions options;
  ChatModelTeacher teacher(std::make_unique<RecordingChat>(turns, options));
  EXPECT_EQ(teacher.ask(request), (TeacherReply{.text = "A blue car.", .prompt_tokens = 31, .tokens = 5}));
  ASSERT_EQ(turns.size(), request.messages.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    EXPECT_EQ(turns[i].role, request.messages[i].role);
    ASSERT_EQ(turns[i].parts.size(), 1U);
    EXPECT_EQ(std::get<std::string>(turns[i].parts[0]), request.messages[i].content);
  }
  expect_generation(options);
}

TEST(Teacher, WhereNoSystemMaySpeakTheUserSaysIt) {
  std::vector<ChatTurn> turns;
  GenerationOptions options;
  auto chat = std::make_unique<RecordingChat>(turns, options);
  chat->knows_system = false;
  ChatModelTeacher teacher(std::move(chat));
  teacher.ask(request);
  ASSERT_EQ(turns.size(), request.messages.size() - 1);
  EXPECT_EQ(turns.front().role, "user");
  EXPECT_EQ(std::get<std::string>(turns.front().parts[0]), "You see by text.\n\na red dog");
}

TEST(Teacher, RepliesThatWereCutAreKnown) {
  EXPECT_TRUE(reply_of({.text = "A", .end = GeneratedText::End::length}).is_cut);
  EXPECT_FALSE(reply_of({.text = "A", .end = GeneratedText::End::stop}).is_cut);
}

TEST(Teacher, TheOracleKnowsTheTextAlone) {
  OracleTeacher oracle;
  const TeacherRequest told = {.kind = InstructKind::detail,
                               .messages = {{.role = "user", .content = "a red dog\n\nred dog: [0.1, 0.1, 0.4, 0.4]\n"}}};
  const TeacherReply reply = oracle.ask(told);
  EXPECT_NE(reply.text.find("red dog"), std::string::npos);
  EXPECT_EQ(reply.tokens, 0);
  EXPECT_EQ(oracle.ask(told), reply);
  EXPECT_THROW(oracle.ask({}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
