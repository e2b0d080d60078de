// Who writes instruction data: text in, text out, and never a picture.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/instruct_kind.h"
#include "omma/tasks/chat_message.h"
#include "omma/tasks/chat_model.h"
#include "omma/tasks/language_model.h"

namespace omma {

struct TeacherRequest {
  InstructKind kind = InstructKind::conversation;
  std::vector<ChatMessage> messages = {};  // instruct_prompt(): the last one's content is the picture as text, and nothing else
  std::uint64_t seed = 0;
};

struct TeacherReply {
  std::string text = {};
  int prompt_tokens = 0, tokens = 0;
  bool is_cut = false;  // by the limit of tokens, in the middle of what it had to say
  bool operator==(const TeacherReply&) const = default;
};

// Not thread-safe: one thread at a time per instance.
class Teacher {
 public:
  virtual ~Teacher() = default;

  // Throws std::runtime_error, or std::invalid_argument for a request that does not fit, where there is no reply to be had.
  virtual TeacherReply ask(const TeacherRequest& request) = 0;
};

// Makes a teacher for each of the threads that ask.
using TeacherMaker = std::function<std::unique_ptr<Teacher>()>;

// The world's rules (oracle.h), applied to the last message's text alone. Costs nothing: no tokens.
class OracleTeacher : public Teacher {
 public:
  TeacherReply ask(const TeacherRequest& request) override;
};

// A language model that continues text: the messages are written out one below the other.
class LanguageModelTeacher : public Teacher {
 public:
  explicit LanguageModelTeacher(std::unique_ptr<LanguageModel> model) : model_(std::move(model)) {}
  TeacherReply ask(const TeacherRequest& request) override;

 private:
  std::unique_ptr<LanguageModel> model_;
};

// One that chats, by its own template.
class ChatModelTeacher : public Teacher {
 public:
  explicit ChatModelTeacher(std::unique_ptr<ChatModel> model) : model_(std::move(model)) {}
  TeacherReply ask(const TeacherRequest& request) override;

 private:
  std::unique_ptr<ChatModel> model_;
};

TeacherReply reply_of(const GeneratedText& text);

// How any teacher's language model is asked to generate.
GenerationOptions teacher_generation(const TeacherRequest& request);

}  // namespace omma
