#include "omma/jobs/teacher.h"

#include "omma/base/error.h"
#include "omma/data/world/oracle.h"

namespace omma {
namespace {

constexpr int max_reply_tokens = 1024;
constexpr double temperature = .7;

std::string block_of(const InstructionRound& round) {
  return fmt::format("Question:\n{}\n===\nAnswer:\n{}\n", round.question, round.answer);
}

// "System: ...\n\nUser: ...\n\nAssistant: ...\n\n", to be continued.
std::string written_out(const std::vector<ChatMessage>& messages) {
  std::string text;
  for (const ChatMessage& message : messages) {
    const std::string_view speaker = message.role == "system" ? "" : message.role == "user" ? "User: " : "Assistant: ";
    text += fmt::format("{}{}\n\n", speaker, message.content);
  }
  return text + "Assistant:";
}

}  // namespace

TeacherReply OracleTeacher::ask(const TeacherRequest& request) {
  check(!request.messages.empty(), "oracle: expected a message");
  const std::string& text = request.messages.back().content;
  if (request.kind == InstructKind::detail) return {.text = oracle_detail(text, request.seed)};
  if (request.kind == InstructKind::reasoning) {
    const InstructionRound round = oracle_reasoning(text, request.seed);
    return {.text = round.question.empty() ? "" : block_of(round)};
  }
  std::string reply;
  for (const InstructionRound& round : oracle_conversation(text, request.seed))
    reply += (reply.empty() ? "" : "===\n") + block_of(round);
  return {.text = std::move(reply)};
}

TeacherReply LanguageModelTeacher::ask(const TeacherRequest& request) {
  GenerationOptions options = teacher_generation(request);
  options.stop = {"\n\nUser:", "\nUser:"};
  const GeneratedText reply = model_->generate(written_out(request.messages), options);
  return reply_of(reply);
}

TeacherReply ChatModelTeacher::ask(const TeacherRequest& request) {
  std::vector<ChatTurn> turns;
  for (const ChatMessage& message : request.messages) turns.emplace_back(message.role, message.content);
  const GenerationOptions options = teacher_generation(request);
  try {
    return reply_of(model_->chat(turns, options));
  } catch (const std::invalid_argument&) {  // by templates that know no system turn
    if (turns.size() < 2 || turns.front().role != "system" || turns[1].role != "user") throw;
    turns[1] = {"user", request.messages[0].content + "\n\n" + request.messages[1].content};
    return reply_of(model_->chat(std::span(turns).subspan(1), options));
  }
}

TeacherReply reply_of(const GeneratedText& text) {
  return {.text = text.text,
          .prompt_tokens = text.prompt_tokens,
          .tokens = text.tokens,
          .is_cut = text.end == GeneratedText::End::length};
}

GenerationOptions teacher_generation(const TeacherRequest& request) {
  GenerationOptions options;
  options.max_tokens = max_reply_tokens;
  options.sample = true;
  options.temperature = temperature;
  options.seed = request.seed & 0x7fffffff;  // what every server takes
  return options;
}

}  // namespace omma
