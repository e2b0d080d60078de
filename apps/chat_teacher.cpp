#include "apps/chat_teacher.h"

namespace omma::app {
namespace {

int about_tokens(std::size_t bytes) { return static_cast<int>((bytes + 3) / 4); }

}  // namespace

TeacherReply ChatTeacher::ask(const TeacherRequest& request) {
  TeacherReply reply = reply_of(client_.generate(request.messages, teacher_generation(request)));
  std::size_t prompt_bytes = 0;
  for (const ChatMessage& message : request.messages) prompt_bytes += message.content.size();
  if (reply.prompt_tokens <= 0) reply.prompt_tokens = about_tokens(prompt_bytes);
  if (reply.tokens <= 0) reply.tokens = about_tokens(reply.text.size());
  return reply;
}

}  // namespace omma::app
