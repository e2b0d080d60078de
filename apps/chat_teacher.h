// A teacher behind a chat server.
#pragma once

#include "omma/agent/chat_client.h"
#include "omma/jobs/teacher.h"

namespace omma::app {

class ChatTeacher : public Teacher {
 public:
  explicit ChatTeacher(ChatClientOptions options) : client_(std::move(options)) {}

  // Where the server does not count tokens, one is taken for four bytes, so that a budget of them still holds.
  TeacherReply ask(const TeacherRequest& request) override;

 private:
  ChatClient client_;
};

}  // namespace omma::app
